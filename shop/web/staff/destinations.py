"""Where the shop sends: zones with their countries, days and postage, and the countries a carrier does not serve for a while."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField
from wtforms.validators import Optional as MayBeEmpty

from shop.catalogue.currencies import list_currencies
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import ShopError
from shop.i18n.countries import list_countries
from shop.i18n.messages import gettext as _
from shop.i18n.messages import lazy_gettext
from shop.shipping.levies import get_zone, list_zones
from shop.shipping.models import Zone
from shop.shipping.suspensions import Notice, list_suspensions
from shop.shipping.suspensions import resume as end_suspension
from shop.shipping.suspensions import suspend as begin_suspension
from shop.shipping.tariffs import ZoneDecision, decide_band, decide_zone, list_bands
from shop.shipping.tariffs import open_zone as begin_zone
from shop.web.guards import current_officer
from shop.web.staff.forms import AmountField, KilogramsField, LineField, StaffForm, WholeNumberField, required

blueprint = Blueprint("destinations", __name__, url_prefix="/settings/destinations")


class ZoneForm(StaffForm):
    countries = LineField(lazy_gettext("Countries"))
    days_min = WholeNumberField(lazy_gettext("Least working days on the way"))
    days_max = WholeNumberField(lazy_gettext("Most working days on the way"))
    source = LineField(lazy_gettext("Source"))


class NewZoneForm(ZoneForm):
    code = LineField(lazy_gettext("Short name"))


class BandForm(StaffForm):
    up_to = KilogramsField(lazy_gettext("Up to, in kilograms"))


class SuspensionForm(StaffForm):
    country = SelectField(lazy_gettext("Country"))
    carrier = LineField(lazy_gettext("Carrier"))
    from_on = DateField(lazy_gettext("First day"), [required(lazy_gettext("Enter the first day, as in 2026-03-31."))])
    until_on = DateField(lazy_gettext("Last day"), [MayBeEmpty()])
    source = LineField(lazy_gettext("Source"))


@lru_cache(maxsize=8)
def _band_form_of(currencies: tuple[str, ...]) -> Any:
    """The form with an amount for each currency."""
    fields = {f"amount_{currency.lower()}": AmountField(currency, currency=currency) for currency in currencies}
    return type("WholeBandForm", (BandForm,), fields)


def _band_form(zone: Zone, **kwargs: Any) -> Any:
    return _band_form_of(list_currencies())(prefix=f"{zone.code}-band-", **kwargs)


def _zone_form(zone: Zone, **kwargs: Any) -> ZoneForm:
    return ZoneForm(prefix=f"{zone.code}-", **kwargs)


def _suspension_form(**kwargs: Any) -> SuspensionForm:
    form = SuspensionForm(prefix="suspension-", **kwargs)
    countries = {country for zone in list_zones() for country in zone.countries}
    form.country.choices = [("", _("Choose a country")), *list_countries((), countries)]
    return form


@blueprint.get("")
def index() -> str:
    return _page()


def _page(wrong: StaffForm | None = None, code: str = "") -> str:
    """Everything about destinations; `wrong` is the form that was refused, of the zone `code` if it is of one."""
    bands = list_bands()
    return render_template(
        "staff/destinations/index.html",
        suspensions=list_suspensions(),
        suspension_form=wrong
        if isinstance(wrong, SuspensionForm)
        else _suspension_form(formdata=None, data={"from_on": clock.today()}),
        new_form=wrong if isinstance(wrong, NewZoneForm) else NewZoneForm(prefix="new-", formdata=None),
        zones=[_row(zone, bands.get(zone.id, {}), wrong if zone.code == code else None) for zone in list_zones()],
        wrong=wrong,
        currencies=list_currencies(),
        today=clock.today(),
        problems=wrong.problems() if wrong is not None else [],
    )


def _row(zone: Zone, bands: dict[int, dict[str, int]], wrong: StaffForm | None) -> dict[str, Any]:
    stored = {
        "countries": ", ".join(zone.countries),
        "days_min": zone.days_min,
        "days_max": zone.days_max,
        "source": zone.source,
    }
    return {
        "zone": zone,
        "names": [name for _code, name in list_countries((), zone.countries)],
        "bands": bands,
        "zone_form": wrong if isinstance(wrong, ZoneForm) else _zone_form(zone, formdata=None, data=stored),
        "band_form": wrong if isinstance(wrong, BandForm) else _band_form(zone, formdata=None),
    }


def _decision(form: ZoneForm) -> ZoneDecision:
    codes = (form.countries.data or "").replace("،", ",").replace(",", " ").split()
    return ZoneDecision(
        countries=[code.upper() for code in codes],
        days_min=form.days_min.data or 0,
        days_max=form.days_max.data or 0,
        source=form.source.data or "",
    )


def _done(anchor: str) -> Response:
    return redirect(url_for("staff.destinations.index", done="saved", _anchor=anchor), 303)


@blueprint.post("")
def open_zone() -> Response | tuple[str, int]:
    """A new zone; nothing is sent there before it has postage."""
    officer = current_officer()
    form = NewZoneForm(prefix="new-")
    if form.validate():
        try:
            with transaction():
                zone = begin_zone(form.code.data or "", _decision(form), actor=officer.id)
            return _done(zone.code)
        except ShopError as error:
            form.blame(error)
    return _page(form), 422


@blueprint.post("/suspensions")
def suspend() -> Response | tuple[str, int]:
    """A carrier takes nothing to a country from a day on."""
    officer = current_officer()
    form = _suspension_form()
    if form.validate():
        notice = Notice(
            country=form.country.data,
            carrier=form.carrier.data or "",
            from_on=form.from_on.data,
            until_on=form.until_on.data,
            source=form.source.data or "",
        )
        try:
            with transaction():
                begin_suspension(notice, actor=officer.id)
            return _done("suspensions")
        except ShopError as error:
            form.blame(error)
    return _page(form), 422


@blueprint.post("/suspensions/<int:suspension_id>/end")
def resume(suspension_id: int) -> Response:
    """Parcels are carried again."""
    officer = current_officer()
    with transaction():
        end_suspension(suspension_id, actor=officer.id)
    return _done("suspensions")


@blueprint.post("/zones/<code>")
def decide(code: str) -> Response | tuple[str, int]:
    """Countries and days of a zone."""
    officer = current_officer()
    form = _zone_form(get_zone(code))
    if form.validate():
        try:
            with transaction():
                decide_zone(code, _decision(form), actor=officer.id)
            return _done(code)
        except ShopError as error:
            form.blame(error)
    return _page(form, code), 422


@blueprint.post("/zones/<code>/bands")
def charge(code: str) -> Response | tuple[str, int]:
    """What a parcel up to a weight costs; without any amount the weight is no longer sent."""
    officer = current_officer()
    form = _band_form(get_zone(code))
    if form.validate():
        found = {currency: form[f"amount_{currency.lower()}"].data for currency in list_currencies()}
        amounts = {currency: minor for currency, minor in found.items() if minor is not None}
        try:
            with transaction():
                decide_band(code, form.up_to.data, amounts, actor=officer.id)
            return _done(code)
        except ShopError as error:
            form.blame(error)
    return _page(form, code), 422
