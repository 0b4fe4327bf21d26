"""Who orders what, when, and how it goes: decided from the seed alone, before anything is bought."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from shop.demo.content.load import Buyer
from shop.demo.loading.afterwards import LATITUDE, RETURNS
from shop.demo.loading.calendar import Calendar
from shop.demo.loading.troubles import TROUBLES

# How often a country orders, of the sum of all.
COUNTRIES = {
    "FR": 22, "US": 18, "GB": 11, "DE": 10, "CA": 6, "AE": 7, "BE": 5, "NL": 5, "CH": 4, "IT": 4, "JP": 4, "AU": 4,
    "ES": 3, "SA": 3, "SE": 2, "DK": 2, "NO": 2, "AT": 2, "QA": 2, "PT": 2,
}  # fmt: skip
CURRENCIES = {"GB": "GBP", "US": "USD", "CA": "USD", "AU": "USD", "JP": "USD", "AE": "AED", "SA": "AED", "QA": "AED"}
# Every so many orders somebody pays in a currency that is not their country's usual one.
OTHER_CURRENCY = 14
# Of a hundred orders: how the payment goes. Who walks away or thinks better of it comes on top of the orders asked for.
PAYMENTS = {"card": 74, "secure": 14, "declined_first": 9, "secure_failed_first": 3}
UNPAID = {"walked_away": 5, "abandoned": 2}
# Of a hundred paid orders: what becomes of them.
FATES = {"delivered": 90, "declined": 3, "cancelled": 3, "returned": 3, "part_returned": 1}

# Pieces that exist once and have been sold, and how far into the past, in hundredths. All others are still for sale.
SOLD_ONCE = (
    ("boujaad-hanbel", 30),
    ("safi-plat-rayonnant", 52),
    ("tazerzit-filigrane", 74),
    ("coffret-marqueterie", 93),
)
# The last orders are arranged, so that every chair of the demonstration has something to do: product, quantity, hours
# before the present, the stage it is left at, the country it goes to. The first four are the first artisan's.
ARRANGED = (
    ("zellige-cobalt", 6, 5, "new", "FR"),
    ("zellige-lait", 4, 29, "call", "GB"),
    ("zellige-table", 1, 82, "accepted", "US"),
    ("zellige-lait", 5, 260, "ready", "DE"),
    ("safi-tajine", 2, 9, "new", "AE"),
    ("pouf-marrakech", 1, 200, "ready", "CA"),
    ("taznakht-couloir", 1, 50, "accepted", "NL"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One buyer who orders; `number` seeds all further chance about this order.

    `payment` is one of PAYMENTS or UNPAID, `fate` one of FATES, TROUBLES or RETURNS or a stage an order is left at ("new",
    "call", "accepted", "ready"). `wanted` names the product to buy where that is arranged beforehand.
    """

    number: int
    moment: datetime
    buyer: Buyer
    currency: str
    payment: str
    fate: str
    wanted: str | None = None
    quantity: int | None = None


def choose(chance: Random, weights: dict[str, int]) -> str:
    """A key, as often as its weight says."""
    return chance.choices(list(weights), list(weights.values()))[0]


def plan_visits(buyers: Sequence[Buyer], calendar: Calendar, *, orders: int, seed: int) -> list[Visit]:
    """Visits in order of time, of which `orders` end with a payment."""
    chance = Random(f"{seed}/visits")
    arranged = _arrange(buyers, calendar, orders, orders * 2)
    unpaid = orders * sum(UNPAID.values()) // 100
    kinds = ["paid"] * (orders - len(arranged)) + ["unpaid"] * unpaid
    chance.shuffle(kinds)
    at_home = {buyer.country: sum(other.country == buyer.country for other in buyers) for buyer in buyers}
    weights = [COUNTRIES.get(buyer.country, 1) * 60 // at_home[buyer.country] for buyer in buyers]
    visits = []
    for number, moment in enumerate(calendar.busy_moments(chance, len(kinds))):
        buyer = chance.choices(buyers, weights)[0]
        currency = CURRENCIES.get(buyer.country, "EUR")
        if chance.randrange(OTHER_CURRENCY) == 0:
            currency = chance.choice(("EUR", "USD"))
        payment = choose(chance, PAYMENTS if kinds[number] == "paid" else UNPAID)
        visits.append(Visit(number, moment, buyer, currency, payment, choose(chance, FATES)))
    for product, hundredth in SOLD_ONCE:
        position = len(visits) * hundredth // 100
        if visits and visits[position].payment in PAYMENTS:
            visits[position] = replace(visits[position], wanted=product, fate="delivered")
    for hundredth, fate in TROUBLES:
        _befall(visits, len(visits) * hundredth // 100, fate)
    for fate, days in RETURNS.items():
        _send_back(visits, calendar.end - timedelta(days=days), fate)
    return sorted(visits + arranged, key=lambda visit: visit.moment)


def _befall(visits: list[Visit], position: int, fate: str) -> None:
    """Let the order nearest to a position that was paid, and of which nothing else is told, end in a trouble."""
    plain = [
        index
        for index, visit in enumerate(visits)
        if visit.payment in PAYMENTS and visit.wanted is None and visit.fate in FATES
    ]
    if plain:
        index = min(plain, key=lambda index: abs(index - position))
        visits[index] = replace(visits[index], fate=fate)


def _send_back(visits: list[Visit], moment: datetime, fate: str) -> None:
    """Let the delivered order nearest to a moment come back, if there is one about that time."""
    plain = [
        index
        for index, visit in enumerate(visits)
        if visit.payment in PAYMENTS and visit.wanted is None and visit.fate == "delivered"
    ]
    index = min(plain, key=lambda index: abs(visits[index].moment - moment), default=None)
    if index is not None and abs(visits[index].moment - moment) <= timedelta(days=LATITUDE):
        visits[index] = replace(visits[index], fate=fate)


def _arrange(buyers: Sequence[Buyer], calendar: Calendar, orders: int, first_number: int) -> list[Visit]:
    visits = []
    for number, (product, quantity, hours, stage, country) in enumerate(ARRANGED[:orders], first_number):
        buyer = next(buyer for buyer in buyers if buyer.country == country)
        moment = calendar.end - timedelta(hours=hours)
        currency = CURRENCIES.get(country, "EUR")
        visits.append(Visit(number, moment, buyer, currency, "card", stage, wanted=product, quantity=quantity))
    return visits
