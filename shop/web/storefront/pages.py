"""Text pages: what a buyer wants to know before trusting a shop."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, g, render_template

from shop.catalogue.queries import count_figures
from shop.core.policies import get_policy
from shop.i18n.countries import list_countries
from shop.i18n.formats import percent
from shop.i18n.messages import gettext as _
from shop.orders.returns import RETURN_DAYS
from shop.programme.queries import list_programmes
from shop.shipping.queries import read_tariff
from shop.shipping.services import PREPARATION_DAYS
from shop.web.storefront import structured
from shop.web.storefront.chrome import absolute, address

blueprint = Blueprint("pages", __name__)


@blueprint.get("/shipping")
def shipping() -> str:
    tariff = read_tariff(g.currency)
    countries = list_countries((), tariff.destinations())
    rows = []
    for code, name in countries:
        zone = tariff.find_zone(code)
        if zone is not None and zone.rates:
            rows.append({"name": name, "zone": zone, "lightest": zone.rates[0], "heaviest": zone.rates[-1]})
    return _page("shipping", _("Shipping and customs"), rows=rows, preparation_days=PREPARATION_DAYS)


@blueprint.get("/returns")
def returns() -> str:
    return _page("returns", _("Returns"), days=RETURN_DAYS, operator=get_policy("operator"))


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
        operator=get_policy("operator"),
        commission_text=percent(Decimal(get_policy("commission_bp")) / 10_000),
    )


@blueprint.get("/privacy")
def privacy() -> str:
    return _page("privacy", _("Privacy"), operator=get_policy("operator"))


def _page(name: str, title: str, **values: Any) -> str:
    """A page of text, with its place in the shop for machines."""
    here = absolute(address(f"storefront.pages.{name}"))
    place = structured.page(here, (title, ""))
    return render_template(f"storefront/pages/{name}.html", title=title, structured=place, **values)
