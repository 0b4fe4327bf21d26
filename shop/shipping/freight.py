"""Freight quotes: what is no parcel is asked for by its buyer and answered by staff, with an amount or without."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from shop.catalogue.models import Price, Product, Variant
from shop.core import clock
from shop.core.db import db, record
from shop.core.emails import normal_email
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.ids import public_id
from shop.core.money import smallest_charge
from shop.core.policies import audit
from shop.i18n.messages import gettext as _
from shop.shipping.events import FreightAnswered
from shop.shipping.models import FreightRequest

MAX_QUANTITY = 9_999
LONGEST_TEXT = 2_000
LONGEST_NAME = 100
# Asked by one address and not answered yet.
MOST_OPEN = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What a buyer wants brought, and where; fields as in shipping.models.FreightRequest."""

    variant_id: int
    quantity: int
    country: str
    currency: str
    language: str
    name: str
    email: str
    message: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request is about: a variant of a published product with a price in the currency asked for."""

    product_id: int
    public_id: str
    sku: str
    weight_grams: int | None
    min_quantity: int
    minor: int


def get_wanted(variant_id: int, currency: str) -> Wanted:
    """Raises NotFound for what cannot be bought at all."""
    row = db.session.execute(
        select(
            Product.id,
            Product.public_id,
            Variant.sku,
            Product.weight_grams,
            Product.min_quantity,
            Price.amount_minor,
        )
        .join(Variant, Variant.product_id == Product.id)
        .join(Price, Price.variant_id == Variant.id)
        .where(
            Variant.id == variant_id,
            Variant.archived_at.is_(None),
            Product.state == "published",
            Price.currency == currency,
        )
    ).first()
    if row is None:
        raise NotFound(_("There is no such piece."))
    return Wanted(*row)


def ask_freight(question: Question, destinations: Sequence[str]) -> FreightRequest:
    """Put a question before staff. Inside a transaction. Raises NotFound, Invalid, which names the fields."""
    wanted = get_wanted(question.variant_id, question.currency)
    fields = {}
    email = normal_email(question.email).casefold()
    if not email:
        fields["email"] = _("Enter an e-mail address, like name@example.com.")
    if not 0 < len(question.name) <= LONGEST_NAME:
        fields["name"] = _("Enter your name.")
    if question.country not in destinations:
        fields["country"] = _("Choose a country from the list.")
    if not wanted.min_quantity <= question.quantity <= MAX_QUANTITY:
        fields["quantity"] = _(
            "Enter how many as a whole number, for example %(example)s.", example=wanted.min_quantity
        )
    if len(question.message) > LONGEST_TEXT:
        fields["message"] = _("Write up to %(most)s letters.", most=LONGEST_TEXT)
    waiting = select(func.count()).where(FreightRequest.email == email, FreightRequest.state == "asked")
    if email and (db.session.scalar(waiting) or 0) >= MOST_OPEN:
        fields["email"] = _("We have several of your questions and answer them first.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
    row = FreightRequest(
        public_id=public_id(),
        variant_id=question.variant_id,
        quantity=question.quantity,
        country=question.country,
        currency=question.currency,
        language=question.language,
        name=question.name,
        email=email,
        message=question.message,
        state="asked",
        asked_at=clock.now(),
    )
    db.session.add(row)
    return row


def list_requests() -> list[FreightRequest]:
    """Those that wait for an answer, the oldest first, then the hundred answered last."""
    waiting = select(FreightRequest).where(FreightRequest.state == "asked").order_by(FreightRequest.asked_at)
    done = select(FreightRequest).where(FreightRequest.state != "asked").order_by(FreightRequest.answered_at.desc())
    return [*db.session.scalars(waiting), *db.session.scalars(done.limit(100))]


def count_waiting() -> int:
    """How many wait for an answer."""
    return db.session.scalar(select(func.count()).where(FreightRequest.state == "asked")) or 0


def get_request(known_as: str, *, lock: bool = False) -> FreightRequest:
    """Raises NotFound."""
    statement = select(FreightRequest).where(FreightRequest.public_id == known_as)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound(_("There is no such request."))
    return row


def list_requests_of(email: str) -> list[FreightRequest]:
    """All that an address has asked, the newest first."""
    statement = select(FreightRequest).where(FreightRequest.email == email).order_by(FreightRequest.id.desc())
    return list(db.session.scalars(statement))


def forget_requests(email: str) -> None:
    """Delete all that an address has asked; nothing was sold by it, so no account stands on it. Inside a transaction."""
    db.session.execute(delete(FreightRequest).where(FreightRequest.email == email))


def answer_freight(known_as: str, amount_minor: int | None, answer: str, *, actor: int | None) -> None:
    """Quote an amount, or decline without one; the buyer gets a letter. Inside a transaction.

    Raises NotFound, Invalid, Conflict for what was answered before.
    """
    row = get_request(known_as, lock=True)
    if row.state != "asked":
        raise Conflict(_("This request was answered already."))
    fields = {}
    if amount_minor is not None and (amount_minor <= 0 or amount_minor % smallest_charge(row.currency)):
        fields["amount"] = _("This amount cannot be charged in this currency.")
    if not answer or len(answer) > LONGEST_TEXT:
        fields["answer"] = _(
            "Write an answer of up to %(most)s letters: how it is sent and when it arrives.", most=LONGEST_TEXT
        )
    if fields:
        raise Invalid(_("There is a problem"), fields)
    row.state = "declined" if amount_minor is None else "quoted"
    row.amount_minor, row.answer, row.answered_at = amount_minor, answer, clock.now()
    audit(actor, "answer freight request", "freight_request", known_as, state=row.state, amount_minor=amount_minor)
    record(FreightAnswered(row.id))
