"""Units: found, read, enrolled, admitted to editions, put under an aggregator."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, EmailField, SelectField, TextAreaField
from wtforms.validators import Optional as MayBeEmpty

from shop.accounts.models import Account, Handle
from shop.accounts.pins import new_pin
from shop.accounts.services import create_account
from shop.artisans.aggregation import put_under_aggregator
from shop.artisans.models import LEGAL_FORMS, Delegate, Unit
from shop.artisans.queries import get_unit, list_persons, list_units, unit_name
from shop.artisans.services import create_unit, grant_delegate, tell_buyers
from shop.catalogue.models import Family, Product
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import NotFound, ShopError
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, lazy_gettext
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS
from shop.ledger.queries import unit_position
from shop.programme.models import Membership
from shop.programme.queries import admitted_units, list_editions, list_memberships, may_sell
from shop.programme.services import admit_unit, end_membership
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import LineField, StaffForm, WholeNumberField, required

blueprint = Blueprint("units", __name__, url_prefix="/units")


class AdmitForm(StaffForm):
    edition = SelectField(lazy_gettext("Edition"), [required(lazy_gettext("Choose an edition."))])
    from_on = DateField(lazy_gettext("First day"), [required(lazy_gettext("Enter the first day, as in 2026-03-31."))])
    to_on = DateField(lazy_gettext("Last day"), [MayBeEmpty()])


class EndForm(StaffForm):
    to_on = DateField(lazy_gettext("Last day"), [required(lazy_gettext("Enter the last day, as in 2026-03-31."))])


class AggregatorForm(StaffForm):
    aggregator = SelectField(lazy_gettext("Aggregator"))


class PublicForm(StaffForm):
    postal_address = TextAreaField(lazy_gettext("Postal address"))
    email = EmailField(lazy_gettext("E-mail"))
    shows_share = BooleanField(lazy_gettext("The unit agrees that buyers see what reaches it"))


class UnitForm(StaffForm):
    legal_form = SelectField(lazy_gettext("Legal form"), [required(lazy_gettext("Choose a legal form."))])
    name_ar = LineField(lazy_gettext("Name in Arabic"), [required(lazy_gettext("Enter the name in Arabic."))])
    name_fr = LineField(lazy_gettext("Name in French"), [required(lazy_gettext("Enter the name in French."))])
    name_en = LineField(lazy_gettext("Name in English"))
    place_ar = LineField(lazy_gettext("Place in Arabic"), [required(lazy_gettext("Enter the place in Arabic."))])
    place_fr = LineField(lazy_gettext("Place in French"), [required(lazy_gettext("Enter the place in French."))])
    place_en = LineField(lazy_gettext("Place in English"))
    region = SelectField(lazy_gettext("Region"), [required(lazy_gettext("Choose a region."))])
    family = SelectField(lazy_gettext("Main family"), [required(lazy_gettext("Choose a family."))])
    lead_sex = SelectField(lazy_gettext("Led by"), [required(lazy_gettext("Choose who leads the unit."))])
    members_f = WholeNumberField(lazy_gettext("Women in the unit"))
    members_m = WholeNumberField(lazy_gettext("Men in the unit"))
    nia = LineField(lazy_gettext("Number in the craft register (NIA)"))
    ice = LineField(lazy_gettext("Common company identifier (ICE)"))
    account_name = LineField(
        lazy_gettext("Name of the person who signs in"), [required(lazy_gettext("Enter who signs in for the unit."))]
    )
    phone = LineField(lazy_gettext("Telephone"), [required(lazy_gettext("Enter a telephone number."))])
    language = SelectField(lazy_gettext("Language"))


def _families() -> list[tuple[str, str]]:
    rows = db.session.scalars(select(Family).order_by(Family.position, Family.code))
    return [(row.code, str(getattr(row, f"name_{current_language()}"))) for row in rows]


def _regions() -> list[tuple[str, str]]:
    return [(f"MA-{code}", region.name()) for code, region in REGIONS.items()]


def _unit_form(**kwargs: Any) -> UnitForm:
    form = UnitForm(**kwargs)
    first = ("", _("Choose"))
    form.legal_form.choices = [first, *((code, words.legal_forms()[code]) for code in LEGAL_FORMS)]
    form.region.choices = [first, *_regions()]
    form.family.choices = [first, *_families()]
    form.lead_sex.choices = [first, ("f", _("A woman")), ("m", _("A man"))]
    form.language.choices = [(code, language.own_name) for code, language in LANGUAGES.items()]
    return form


@blueprint.get("")
def index() -> str:
    """All open units, narrowed by admission, family, region or a part of the name."""
    chosen = {name: request.args.get(name, "").strip() for name in ("admission", "family", "region", "q")}
    admitted = set(db.session.scalars(select(Unit.id).where(admitted_units(clock.today()))))
    units = [unit for unit in list_units() if _fits(unit, chosen, admitted)]
    pieces = db.session.execute(
        select(Product.unit_id, func.count()).where(Product.state == "published").group_by(Product.unit_id)
    )
    return render_template(
        "staff/units/index.html",
        units=units,
        admitted=admitted,
        pieces=dict(pieces.all()),
        names={unit.id: unit_name(unit) for unit in list_units()},
        families=dict(_families()),
        regions=dict(_regions()),
        chosen=chosen,
        legal_forms=words.legal_forms(),
    )


def _fits(unit: Unit, chosen: dict[str, str], admitted: set[int]) -> bool:
    words_of_unit = f"{unit.name_ar} {unit.name_fr} {unit.name_en} {unit.nia or ''}".casefold()
    return (
        (not chosen["admission"] or (unit.id in admitted) == (chosen["admission"] == "admitted"))
        and chosen["family"] in ("", unit.family)
        and chosen["region"] in ("", unit.region)
        and chosen["q"].casefold() in words_of_unit
    )


@blueprint.get("/new")
def new() -> str:
    return render_template("staff/units/new.html", form=_unit_form(formdata=None))


@blueprint.post("")
def create() -> str | tuple[str, int]:
    """Enrol a unit with its first account. The PIN is shown on this answer and never again."""
    officer = current_officer()
    form = _unit_form()
    if form.validate():
        pin = new_pin()
        try:
            with transaction():
                unit = _enrol(form, officer.id)
                account = create_account(
                    role="artisan",
                    name=form.account_name.data,
                    language=form.language.data,
                    secret=pin,
                    phone=form.phone.data,
                    actor=officer.id,
                )
                grant_delegate(account.id, unit.id, granted_by=officer.id)
            return render_template("staff/units/create.html", unit=unit, account=account, pin=pin, name=unit_name(unit))
        except ShopError as error:
            form.blame(error)
    return render_template("staff/units/new.html", form=form), 422


def _enrol(form: UnitForm, actor: int) -> Unit:
    """English falls back on French: it is what the trade writes, and never empty."""
    return create_unit(
        legal_form=form.legal_form.data,
        names={
            "ar": form.name_ar.data,
            "fr": form.name_fr.data,
            "en": form.name_en.data or form.name_fr.data,
        },
        places={
            "ar": form.place_ar.data,
            "fr": form.place_fr.data,
            "en": form.place_en.data or form.place_fr.data,
        },
        region=form.region.data,
        family=form.family.data,
        lead_sex=form.lead_sex.data,
        members_f=form.members_f.data or 0,
        members_m=form.members_m.data or 0,
        nia=form.nia.data or None,
        ice=form.ice.data or None,
        phone=form.phone.data,
        language=form.language.data,
        actor=actor,
    )


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    return _page(get_unit(public_id))


def _admit_form(**kwargs: Any) -> AdmitForm:
    form = AdmitForm(prefix="admit-", **kwargs)
    code = current_language()
    form.edition.choices = [
        ("", _("Choose")),
        *(
            (edition.code, f"{getattr(programme, f'name_{code}')} · {getattr(edition, f'name_{code}')}")
            for edition, programme in list_editions()
        ),
    ]
    return form


def _aggregator_form(unit: Unit, **kwargs: Any) -> AggregatorForm:
    form = AggregatorForm(prefix="carry-", **kwargs)
    carriers = [other for other in list_units() if other.legal_form == "aggregator" and other.id != unit.id]
    form.aggregator.choices = [("", _("None: the unit stands by itself"))]
    form.aggregator.choices += [(other.public_id, unit_name(other)) for other in carriers]
    return form


def _page(unit: Unit, wrong: StaffForm | None = None) -> str:
    """A unit with all that is known of it; `wrong` is the form that was refused, with its answers."""
    carrier = db.session.get(Unit, unit.aggregator_id) if unit.aggregator_id else None
    admit, carry = wrong if isinstance(wrong, AdmitForm) else None, wrong if isinstance(wrong, AggregatorForm) else None
    ends = wrong if isinstance(wrong, EndForm) else None
    persons = list_persons(unit.id)
    return render_template(
        "staff/units/show.html",
        unit=unit,
        name=unit_name(unit),
        carrier=carrier,
        carrier_name=unit_name(carrier) if carrier else "",
        carrier_memberships=list_memberships(carrier.id) if carrier else [],
        carried=[other for other in list_units() if other.aggregator_id == unit.id],
        persons=persons,
        shares={person.id: Decimal(person.share_bp) / 10_000 for person in persons},
        memberships=list_memberships(unit.id),
        accounts=_accounts_of(unit.id),
        selling=may_sell(unit.id),
        position=unit_position(unit.id),
        families=dict(_families()),
        legal_forms=words.legal_forms(),
        unit_name=unit_name,
        admit_form=admit or _admit_form(formdata=None, data={"from_on": clock.today()}),
        carry_form=carry or _aggregator_form(unit, formdata=None, data={"aggregator": carrier and carrier.public_id}),
        end_form=ends,
        public_form=wrong if isinstance(wrong, PublicForm) else PublicForm(prefix="public-", formdata=None, obj=unit),
        problems=wrong.problems() if wrong is not None else [],
        today=clock.today(),
    )


def _accounts_of(unit_id: int) -> list[tuple[Account, str]]:
    """Accounts that act for a unit, with a handle each, in the order they were granted."""
    rows = db.session.execute(
        select(Account, func.min(Handle.value))
        .join(Delegate, Delegate.account_id == Account.id)
        .outerjoin(Handle, Handle.account_id == Account.id)
        .where(Delegate.unit_id == unit_id)
        .group_by(Account.id)
        .order_by(func.min(Delegate.id))
    )
    return [(row[0], row[1] or "") for row in rows]


@blueprint.post("/<public_id>/admit")
def admit(public_id: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = _admit_form()
    if form.validate() and _days_in_order(form):
        try:
            with transaction():
                unit = get_unit(public_id)
                edition = next((row for row, _programme in list_editions() if row.code == form.edition.data), None)
                if edition is None:
                    raise NotFound(_("There is no such edition."))
                admit_unit(unit.id, edition.id, from_on=form.from_on.data, to_on=form.to_on.data, actor=officer.id)
            return redirect(url_for("staff.units.show", public_id=public_id, done="admitted"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(get_unit(public_id), form), 422


def _days_in_order(form: AdmitForm) -> bool:
    first, last = form.from_on.data, form.to_on.data
    if isinstance(last, date) and last < first:
        form.to_on.errors = [*form.to_on.errors, _("The last day lies before the first.")]
        return False
    return True


@blueprint.post("/<public_id>/memberships/<int:membership_id>/end")
def end(public_id: str, membership_id: int) -> Response | tuple[str, int]:
    officer = current_officer()
    form = EndForm(prefix=f"end{membership_id}-")
    if form.validate():
        try:
            with transaction():
                unit = get_unit(public_id)
                membership = db.session.get(Membership, membership_id)
                if membership is None or membership.unit_id != unit.id:
                    raise NotFound(_("There is no such membership."))
                end_membership(membership_id, to_on=form.to_on.data, actor=officer.id)
            return redirect(url_for("staff.units.show", public_id=public_id, done="ended"), 303)
        except NotFound:
            raise
        except ShopError as error:
            form.blame(error)
    return _page(get_unit(public_id), form), 422


@blueprint.post("/<public_id>/aggregator")
def carry(public_id: str) -> Response | tuple[str, int]:
    officer = current_officer()
    form = _aggregator_form(get_unit(public_id))
    if form.validate():
        try:
            with transaction():
                unit = get_unit(public_id)
                carrier = get_unit(form.aggregator.data) if form.aggregator.data else None
                put_under_aggregator(unit.id, carrier.id if carrier else None, actor=officer.id)
            return redirect(url_for("staff.units.show", public_id=public_id, done="carried"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(get_unit(public_id), form), 422


@blueprint.post("/<public_id>/public")
def tell(public_id: str) -> Response | tuple[str, int]:
    """What product pages say of the unit besides its story."""
    officer = current_officer()
    form = PublicForm(prefix="public-")
    if form.validate():
        try:
            with transaction():
                tell_buyers(
                    get_unit(public_id).id,
                    postal_address=" ".join((form.postal_address.data or "").split()),
                    email=(form.email.data or "").strip(),
                    shows_share=form.shows_share.data,
                    actor=officer.id,
                )
            return redirect(url_for("staff.units.show", public_id=public_id, done="saved", _anchor="public"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(get_unit(public_id), form), 422
