"""Text pages: what a buyer wants to know before trusting a shop."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, g, render_template

from shop.catalogue.queries import count_figures
from shop.core.policies import get_policy
from shop.core.versions import LIST
from shop.i18n.countries import list_countries
from shop.i18n.formats import country_name, list_text, percent
from shop.i18n.messages import gettext as _
from shop.orders.returns import RETURN_DAYS
from shop.programme.queries import list_programmes
from shop.shipping.queries import Tariff, TariffZone, read_tariff
from shop.shipping.services import PREPARATION_DAYS
from shop.web.page_cache import rests_on
from shop.web.storefront import structured
from shop.web.storefront.chrome import absolute, address

blueprint = Blueprint("pages", __name__)

# What a person can carry; heavier parcels are asked for too seldom to be listed for every zone.
PORTABLE_GRAMS = 30_000


@blueprint.get("/shipping")
def shipping() -> str:
    """Postage, days and taxes: for the country that was chosen in full, for all zones in a few weights."""
    tariff = read_tariff(g.currency)
    countries = list_countries((), tariff.destinations())
    chosen = tariff.find_zone(g.to) if g.to else None
    card = _zone_card(chosen, [g.to], chosen.rates) if chosen and chosen.rates else None
    return _page(
        "shipping",
        _("Shipping and customs"),
        countries=countries,
        to=g.to or "",
        chosen=card,
        is_refused=bool(g.to) and card is None,
        zones=_zone_cards(tariff, [code for code, _name in countries]),
        preparation_days=PREPARATION_DAYS,
    )


def _zone_cards(tariff: Tariff, codes: list[str]) -> list[dict[str, Any]]:
    """Every zone that has postage, the nearest first, with its countries in the reader's alphabet."""
    zones: dict[str, tuple[TariffZone, list[str]]] = {}
    for code in codes:
        zone = tariff.find_zone(code)
        if zone is not None and zone.rates:
            zones.setdefault(zone.code, (zone, []))[1].append(code)
    ordered = sorted(zones.values(), key=lambda entry: (entry[0].days_max, -len(entry[1])))
    return [_zone_card(zone, members, _few(zone.rates)) for zone, members in ordered]


def _few(rates: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The lightest, the heaviest of what a person can carry, and two between them."""
    portable = [rate for rate in rates if rate[0] <= PORTABLE_GRAMS] or list(rates[:1])
    last = len(portable) - 1
    return tuple(portable[place] for place in sorted({0, last // 3, 2 * last // 3, last}))


def _zone_card(zone: TariffZone, codes: list[str], rates: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    return {
        "countries": list_text([country_name(code) for code in codes]),
        "days_min": zone.days_min,
        "days_max": zone.days_max,
        "rates": rates,
        "tax": {"included": _("Import tax is included."), "added": _("Import tax is added at checkout.")}.get(
            zone.tax_mode, _("Import tax and duty are not included.")
        ),
    }


@blueprint.get("/returns")
def returns() -> str:
    return _page("returns", _("Returns"), days=RETURN_DAYS)


@blueprint.get("/about")
def about() -> str:
    units, people, pieces = count_figures()
    return _page(
        "about",
        _("About the programme"),
        programmes=list_programmes(),
        units=units,
        people=people,
        pieces=pieces,
        commission_text=percent(Decimal(get_policy("commission_bp")) / 10_000),
        waiting_days=get_policy("available_after_days"),
    )


@blueprint.get("/privacy")
def privacy() -> str:
    return _page("privacy", _("Privacy"))


def _page(name: str, title: str, **values: Any) -> str:
    """A page of text, with its place in the shop for machines."""
    rests_on(LIST)
    here = absolute(address(f"storefront.pages.{name}"))
    place = structured.page(here, (title, ""))
    operator = get_policy("operator")
    return render_template(f"storefront/pages/{name}.html", title=title, structured=place, operator=operator, **values)
