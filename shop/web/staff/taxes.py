"""What is collected with a sale for the country it goes to: how each zone asks for its tax, and the dated rates."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, SelectField

from shop.catalogue.currencies import list_currencies
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import ShopError
from shop.i18n.countries import list_countries
from shop.i18n.formats import percent
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext
from shop.shipping.levies import (
    KINDS,
    TAX_MODES,
    Decision,
    decide_levy,
    get_zone,
    list_levies,
    list_zones,
    set_tax_mode,
)
from shop.shipping.models import Levy, Zone
from shop.web.guards import current_officer
from shop.web.staff.forms import AmountField, LineField, PercentField, StaffForm, required

blueprint = Blueprint("taxes", __name__, url_prefix="/settings/taxes")


class ModeForm(StaffForm):
    tax_mode = SelectField(lazy_gettext("Tax of the country of destination"))


class RateForm(StaffForm):
    kind = SelectField(lazy_gettext("What is collected"))
    country = SelectField(lazy_gettext("Country"))
    heading = LineField(lazy_gettext("Tariff heading"))
    rate = PercentField(lazy_gettext("Percentage"))
    collected = SelectField(lazy_gettext("When it is paid"))
    on_shipping = BooleanField(lazy_gettext("Due on the postage too"))
    from_on = DateField(lazy_gettext("Holds from"), [required(lazy_gettext("Enter the first day, as in 2026-03-31."))])
    source = LineField(lazy_gettext("Source"))


@lru_cache(maxsize=8)
def _levy_form_of(currencies: tuple[str, ...]) -> Any:
    """The form with one field of each kind per currency: what a heading costs, and up to which value of goods."""
    fields = {
        f"{name}_{currency.lower()}": AmountField(currency, currency=currency)
        for name in ("amount", "limit")
        for currency in currencies
    }
    return type("LevyForm", (RateForm,), fields)


def mode_names() -> dict[str, str]:
    """How a zone asks for the tax, in words."""
    return {
        "none": _("Not collected: the buyer owes it at the border"),
        "included": _("Included in the prices shown"),
        "added": _("Added at checkout"),
    }


def kind_names() -> dict[str, str]:
    """Kinds of levies in words."""
    return {"tax": _("Tax"), "duty": _("Duty")}


def _mode_form(zone: Zone, **kwargs: Any) -> ModeForm:
    form = ModeForm(prefix=f"{zone.code}-", **kwargs)
    form.tax_mode.choices = [(mode, mode_names()[mode]) for mode in TAX_MODES]
    return form


def _levy_form(zone: Zone, **kwargs: Any) -> Any:
    form = _levy_form_of(list_currencies())(prefix=f"{zone.code}-levy-", **kwargs)
    form.collected.choices = [("order", _("With the order")), ("arrival", _("On arrival: an estimate"))]
    form.kind.choices = [(kind, kind_names()[kind]) for kind in KINDS]
    form.country.choices = [("", _("Every country of the zone")), *list_countries((), zone.countries)]
    return form


@blueprint.get("")
def index() -> str:
    return _page()


def _page(wrong: StaffForm | None = None, code: str = "") -> str:
    """Every zone with its levies; `wrong` is the form that was refused, of the zone `code`."""
    by_zone: dict[int, list[Levy]] = {}
    for levy in list_levies():
        by_zone.setdefault(levy.zone_id, []).append(levy)
    zones = []
    for zone in list_zones():
        levies = by_zone.get(zone.id, [])
        zones.append(
            {
                "zone": zone,
                "levies": levies,
                "holding": _holding(levies),
                "mode_form": _mode_form(zone, formdata=None, data={"tax_mode": zone.tax_mode}),
                "levy_form": wrong
                if zone.code == code
                else _levy_form(zone, formdata=None, data={"from_on": clock.today()}),
                "open": zone.code == code,
            }
        )
    return render_template(
        "staff/taxes/index.html",
        zones=zones,
        kinds=kind_names(),
        rate_text=_rate_text,
        currencies=list_currencies(),
        today=clock.today(),
        problems=wrong.problems() if wrong is not None else [],
    )


def _holding(levies: list[Levy]) -> set[int]:
    """Those of a zone's levies that hold today; the others are past or still to come."""
    newest: dict[tuple[str, str, str, bool], Levy] = {}
    for levy in levies:
        key = (levy.kind, levy.country, levy.heading, levy.collected)
        if levy.from_on <= clock.today() and (key not in newest or newest[key].from_on < levy.from_on):
            newest[key] = levy
    return {levy.id for levy in newest.values()}


def _rate_text(rate_bp: int) -> str:
    return percent(Decimal(rate_bp) / 10_000, decimals=2)


@blueprint.post("/<code>/mode")
def set_mode(code: str) -> Response:
    """How a zone asks for the tax, from now on."""
    officer = current_officer()
    form = _mode_form(get_zone(code))
    with transaction():
        set_tax_mode(code, form.tax_mode.data or "", actor=officer.id)
    return redirect(url_for("staff.taxes.index", done="saved", _anchor=code), 303)


@blueprint.post("/<code>/levies")
def create(code: str) -> Response | tuple[str, int]:
    """Decide a rate from a day on."""
    officer = current_officer()
    form = _levy_form(get_zone(code))
    if form.validate():
        try:
            with transaction():
                decide_levy(code, _decision(form), actor=officer.id)
            return redirect(url_for("staff.taxes.index", done="saved", _anchor=code), 303)
        except ShopError as error:
            form.blame(error)
    return _page(form, code), 422


def _decision(form: Any) -> Decision:
    def figures(name: str) -> dict[str, int]:
        found = {code: form[f"{name}_{code.lower()}"].data for code in list_currencies()}
        return {code: minor for code, minor in found.items() if minor is not None}

    return Decision(
        kind=form.kind.data,
        country=form.country.data,
        heading=form.heading.data.replace(".", ""),
        from_on=form.from_on.data,
        rate_bp=form.rate.data or 0,
        on_shipping=form.on_shipping.data,
        amounts=figures("amount"),
        limits=figures("limit"),
        source=form.source.data,
        collected=form.collected.data != "arrival",
    )
