"""Freight quotes: what buyers ask for pieces that are no parcel, and the one answer each gets."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField

from shop.catalogue.models import Product, Variant
from shop.core.db import db, transaction
from shop.core.errors import Invalid, ShopError
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, lazy_gettext
from shop.i18n.messages import gettext as _
from shop.i18n.texts import tell, texts_of
from shop.shipping.freight import answer_freight, get_request, list_requests
from shop.shipping.models import FreightRequest
from shop.web.guards import current_officer
from shop.web.staff import words
from shop.web.staff.forms import AmountField, StaffForm

blueprint = Blueprint("freight_requests", __name__, url_prefix="/freight-requests")


class AnswerForm(StaffForm):
    verdict = RadioField(lazy_gettext("Can it be brought?"))
    amount = AmountField(lazy_gettext("Freight, without the piece"))
    answer = TextAreaField(lazy_gettext("What the buyer is told"))


def _form(row: FreightRequest, **kwargs: Any) -> AnswerForm:
    form = AnswerForm(**kwargs)
    form.amount.currency = row.currency
    form.verdict.choices = [("quote", _("Yes, for an amount")), ("decline", _("No"))]
    return form


@blueprint.get("")
def index() -> str:
    """Those that wait, the oldest first, then those answered last."""
    rows = list_requests()
    return render_template(
        "staff/freight_requests/index.html",
        asked=[row for row in rows if row.state == "asked"],
        answered=[row for row in rows if row.state != "asked"],
        titles=_titles(rows),
        words=words,
    )


def _titles(rows: Iterable[FreightRequest]) -> dict[int, str]:
    """What is asked about, by variant id, in the officer's language."""
    wanted = select(Variant.id, Variant.product_id, Variant.sku).where(Variant.id.in_({row.variant_id for row in rows}))
    found = db.session.execute(wanted).all()
    texts = texts_of("product", [row.product_id for row in found], ["title"])
    titles = {row.id: tell(texts.get((row.product_id, "title"), {}), current_language()) for row in found}
    return {row.id: told.text if (told := titles[row.id]) else row.sku for row in found}


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    row = get_request(public_id)
    return _page(row, _form(row, formdata=None, data={"verdict": "quote"}))


def _page(row: FreightRequest, form: AnswerForm) -> str:
    product = db.session.scalars(
        select(Product).join(Variant, Variant.product_id == Product.id).where(Variant.id == row.variant_id)
    ).one()
    return render_template(
        "staff/freight_requests/show.html",
        row=row,
        title=_titles([row])[row.variant_id],
        product=product,
        reads=LANGUAGES[row.language].own_name,
        form=form,
        problems=form.problems(),
        words=words,
    )


@blueprint.post("/<public_id>")
def answer(public_id: str) -> Response | tuple[str, int]:
    """Quote an amount or decline; the buyer gets a letter."""
    officer, row = current_officer(), get_request(public_id)
    form = _form(row)
    if form.validate():
        declined = form.verdict.data == "decline"
        try:
            if not declined and form.amount.data is None:
                text = _("Enter what the freight costs.")
                raise Invalid(text, {"amount": text})
            amount = None if declined else form.amount.data
            with transaction():
                answer_freight(public_id, amount, (form.answer.data or "").strip(), actor=officer.id)
            return redirect(url_for("staff.freight_requests.index", done="quoted"), 303)
        except ShopError as error:
            form.blame(error)
    return _page(row, form), 422
