"""What the demonstration collects for two destinations and estimates for three: real rules with their days; that its operator is registered for
them is invented.

The United Kingdom, included in the prices: up to 135 pounds the seller accounts for VAT at the sale and no duty is due
(HMRC, VAT and overseas goods sold directly to customers in the UK, since 1 January 2021). The European Union, added at
checkout: up to 150 euros the import one-stop shop, VAT of the member state at the sale (Directive (EU) 2017/2455, since
1 July 2021), and since 1 July 2026 three euros of duty for each tariff heading (Regulation (EU) 2026/382). Standard
rates of VAT as the Commission's TEDB has them in September 2026.

Above these limits nothing is collected, and what the border asks is estimated: the VAT of import, and no duty for goods of
Moroccan origin with its proof (association agreements with the European Union, OJ L 70 of 18 March 2000, and with the
United Kingdom, in force since 1 January 2021). The United States ask for no tax of import; the duty on goods of Moroccan
origin is free under their agreement (19 USC 3805 note, since 1 January 2006), what is added to it changes, and so only
the headings of rugs and ceramics are estimated. Of every other country nothing is said.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from shop.core.db import db
from shop.shipping.models import Levy, Zone

UK_SINCE, IOSS_SINCE, DUTY_SINCE = date(2021, 1, 1), date(2021, 7, 1), date(2026, 7, 1)
UK_SOURCE = "HMRC, VAT and overseas goods sold directly to customers in the UK"
IOSS_SOURCE = "Directive (EU) 2017/2455, IOSS; rates: TEDB, 2026-09-29"
RELIEF_SOURCE = "Regulation (EC) 1186/2009, art. 23"
DUTY_SOURCE = "Regulation (EU) 2026/382"
ORIGIN_SINCE, UK_ORIGIN_SINCE, US_ORIGIN_SINCE = date(2000, 3, 1), date(2021, 1, 1), date(2006, 1, 1)
ORIGIN_SOURCE = "EU–Morocco Association Agreement, proof of origin; VAT: TEDB, 2026-09-29"
UK_ORIGIN_SOURCE = "UK–Morocco Association Agreement, proof of origin; UK VAT 20 %"
US_ORIGIN_SOURCE = "US–Morocco Free Trade Agreement"
US_HEADINGS = ("57", "69")
UK_LIMIT, EU_LIMIT, EU_DUTY = ("GBP", 13_500), ("EUR", 15_000), ("EUR", 300)
UK_RATE = 2_000
# Guernsey and Jersey are in the same zone of postage and outside British VAT.
UK_VAT_AREA = ("GB", "IM")
# Basis points; where a rate has changed since the one-stop shop began, with the day it did.
# fmt: off
EU_RATES: dict[str, tuple[tuple[date, int], ...]] = {
    **{country: ((IOSS_SINCE, rate),) for country, rate in {
        "AT": 2_000, "BE": 2_100, "BG": 2_000, "CY": 1_900, "CZ": 2_100, "DE": 1_900, "DK": 2_500, "ES": 2_100,
        "FR": 2_000, "GR": 2_400, "HR": 2_500, "HU": 2_700, "IE": 2_300, "IT": 2_200, "LT": 2_100, "LV": 2_100,
        "MT": 1_800, "NL": 2_100, "PL": 2_300, "PT": 2_300, "SE": 2_500, "SI": 2_200,
    }.items()},
    "EE": ((date(2024, 1, 1), 2_200), (date(2025, 7, 1), 2_400)),
    "FI": ((IOSS_SINCE, 2_400), (date(2024, 9, 1), 2_550)),
    "LU": ((date(2024, 1, 1), 1_700),),
    "RO": ((IOSS_SINCE, 1_900), (date(2025, 8, 1), 2_100)),
    "SK": ((IOSS_SINCE, 2_000), (date(2025, 1, 1), 2_300)),
}
# fmt: on


def write_levies(per_euro: dict[str, int]) -> None:
    """Let two zones collect tax and duty; `per_euro` are hundredths of each currency for a euro. Inside a transaction."""

    def everywhere(amount: tuple[str, int]) -> dict[str, int]:
        own, minor = amount
        return {code: minor if code == own else minor * rate // per_euro[own] for code, rate in per_euro.items()}

    zones = {zone.code: zone for zone in db.session.query(Zone)}
    zones["united-kingdom"].tax_mode, zones["european-union"].tax_mode = "included", "added"
    for row in _united_kingdom(everywhere(UK_LIMIT)):
        db.session.add(Levy(zone_id=zones["united-kingdom"].id, **row))
    for row in _european_union(everywhere(EU_LIMIT), everywhere(EU_DUTY)):
        db.session.add(Levy(zone_id=zones["european-union"].id, **row))
    for zone, row in _estimates():
        db.session.add(Levy(zone_id=zones[zone].id, collected=False, **row))


def _estimates() -> Iterator[tuple[str, dict[str, Any]]]:
    """What a carrier asks on arrival where nothing is collected, by zone."""
    yield "european-union", {"kind": "duty", "rate_bp": 0, "from_on": ORIGIN_SINCE, "source": ORIGIN_SOURCE}
    for country, rates in EU_RATES.items():
        for from_on, rate_bp in rates:
            tax = {"kind": "tax", "country": country, "rate_bp": rate_bp, "on_shipping": True}
            yield "european-union", {**tax, "from_on": from_on, "source": ORIGIN_SOURCE}
    for country in UK_VAT_AREA:
        here: dict[str, Any] = {"country": country, "from_on": UK_ORIGIN_SINCE, "source": UK_ORIGIN_SOURCE}
        yield "united-kingdom", {"kind": "tax", "rate_bp": UK_RATE, "on_shipping": True, **here}
        yield "united-kingdom", {"kind": "duty", "rate_bp": 0, **here}
    for heading in US_HEADINGS:
        here = {"country": "US", "heading": heading, "from_on": US_ORIGIN_SINCE, "source": US_ORIGIN_SOURCE}
        for kind in ("tax", "duty"):
            yield "north-america", {"kind": kind, "rate_bp": 0, **here}


def _united_kingdom(limits: dict[str, int]) -> Iterator[dict[str, Any]]:
    since: dict[str, Any] = {"from_on": UK_SINCE, "limits": limits, "source": UK_SOURCE}
    for country in UK_VAT_AREA:
        yield {"kind": "tax", "country": country, "rate_bp": UK_RATE, "on_shipping": True, **since}
        yield {"kind": "duty", "country": country, "rate_bp": 0, **since}


def _european_union(limits: dict[str, int], duty: dict[str, int]) -> Iterator[dict[str, Any]]:
    for country, rates in EU_RATES.items():
        for from_on, rate_bp in rates:
            tax = {"kind": "tax", "country": country, "rate_bp": rate_bp, "on_shipping": True}
            yield {**tax, "from_on": from_on, "limits": limits, "source": IOSS_SOURCE}
    relief: dict[str, Any] = {"kind": "duty", "rate_bp": 0, "limits": limits}
    yield {**relief, "from_on": IOSS_SINCE, "source": RELIEF_SOURCE}
    yield {**relief, "from_on": DUTY_SINCE, "amounts": duty, "source": DUTY_SOURCE}
