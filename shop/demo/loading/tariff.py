"""Postage of the demonstration: invented, in the order of magnitude of post and freight from Morocco."""

from datetime import date

from shop.core.db import db
from shop.demo.loading.levies import write_levies
from shop.shipping.models import Zone, ZoneRate

SOURCE = "demonstration"
# fmt: off
EUROPEAN_UNION = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]
REST_OF_EUROPE = ["AD", "CH", "IS", "LI", "MC", "NO", "SM", "TR"]
GULF = ["AE", "BH", "KW", "OM", "QA", "SA"]
WORLD = [
    "AR", "AU", "BR", "CL", "CN", "CO", "DZ", "EG", "HK", "ID", "IL", "IN", "JO", "JP", "KR", "LB", "MY", "NZ", "PE",
    "PH", "SG", "SN", "TH", "TN", "TW", "UY", "ZA",
]
# fmt: on
# Parcels by air to 30 kg, then pallets: a floor of zellige is carried by a lorry or a ship.
BANDS = (500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 250_000, 500_000)
# Hundredths of a currency's unit for a euro; a tariff is printed once a year and does not follow the exchange rates.
PER_EURO = {"EUR": 100, "USD": 110, "GBP": 87, "AED": 405}
# Code, countries, working days in transit at least and at most, euros for each band.
ZONES: tuple[tuple[str, list[str], int, int, tuple[int, ...]], ...] = (
    ("european-union", EUROPEAN_UNION, 3, 7, (9, 13, 18, 23, 32, 42, 52, 70, 88, 120, 185, 290, 460, 760)),
    ("united-kingdom", ["GB", "GG", "IM", "JE"], 4, 8, (10, 15, 21, 27, 37, 48, 60, 82, 104, 142, 220, 340, 540, 880)),
    ("europe", REST_OF_EUROPE, 4, 9, (11, 16, 23, 30, 41, 54, 66, 90, 114, 156, 240, 370, 590, 960)),
    ("north-america", ["CA", "MX", "US"], 5, 10, (14, 21, 32, 43, 62, 84, 106, 148, 188, 260, 410, 640, 980, 1_560)),
    ("gulf", GULF, 4, 9, (12, 19, 29, 39, 57, 77, 96, 134, 170, 236, 370, 580, 900, 1_430)),
    ("world", WORLD, 6, 14, (16, 25, 38, 52, 76, 103, 130, 182, 232, 322, 500, 790, 1_210, 1_900)),
)


def write_tariff(verified_on: date) -> None:
    """Zones with their postage in every currency and what is collected for them. Inside a transaction."""
    for code, countries, days_min, days_max, euros in ZONES:
        zone = Zone(
            code=code,
            countries=countries,
            days_min=days_min,
            days_max=days_max,
            verified_on=verified_on,
            source=SOURCE,
        )
        db.session.add(zone)
        db.session.flush()
        db.session.add_all(
            ZoneRate(zone_id=zone.id, currency=currency, up_to_grams=grams, amount_minor=_amount(amount, per_euro))
            for currency, per_euro in PER_EURO.items()
            for grams, amount in zip(BANDS, euros, strict=True)
        )
    write_levies(PER_EURO)


def _amount(euros: int, per_euro: int) -> int:
    """Up to the next half unit, in minor units."""
    return -(-euros * per_euro // 50) * 50
