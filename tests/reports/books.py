"""Rows of a small house for report tests: units, orders with their payments in the ledger, declared sales."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.models import Craft, Family, Product, Variant
from shop.core.clock import local_day
from shop.core.db import db
from shop.core.ids import public_id
from shop.core.tables import Rate
from shop.ledger import services as ledger
from shop.ledger.books import Part
from shop.ledger.posting import Cause, Movement
from shop.orders.models import DeclaredSale, Order, OrderLine
from shop.payments.models import Attempt, BalanceTransaction, Refund, RefundPart
from shop.programme.models import Edition, Membership, Programme

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def family(code: str = "tapis") -> str:
    if db.session.get(Family, code) is None:
        db.session.add(Family(code=code, name_ar="الزرابي", name_fr="Tapis", name_en="Carpets", position=1))
        db.session.flush()
    if db.session.get(Craft, code) is None:
        names = {f"{kind}_{language}": code for kind in ("name", "intro") for language in ("ar", "fr", "en")}
        db.session.add(Craft(code=code, family=code, position=1, **names))
        db.session.flush()
    return code


def unit(name: str = "Atelier", **changes: Any) -> Unit:
    values: dict[str, Any] = {
        "public_id": public_id(),
        "legal_form": "artisan",
        "name_ar": f"{name} بالعربية",
        "name_fr": f"{name} (fr)",
        "name_en": name,
        "region": "MA-07",
        "place_ar": "مراكش",
        "place_fr": "Marrakech",
        "place_en": "Marrakesh",
        "family": family(),
        "lead_sex": "f",
        "created_at": LONG_AGO,
    }
    made = Unit(**{**values, **changes})
    db.session.add(made)
    db.session.flush()
    return made


def enrol(of: Unit, programme: str, edition: str, first: date, last: date | None = None) -> None:
    names = {"name_ar": programme, "name_fr": programme, "name_en": programme}
    home = db.session.scalars(select(Programme).where(Programme.code == programme)).first()
    if home is None:
        home = Programme(code=programme, kind="export", **names)
        db.session.add(home)
        db.session.flush()
    cycle = db.session.scalars(select(Edition).where(Edition.code == edition)).first()
    if cycle is None:
        span = {"starts_on": date(2025, 1, 1), "ends_on": date(2027, 12, 31)}
        cycle = Edition(programme_id=home.id, code=edition, **names, **span)
        db.session.add(cycle)
        db.session.flush()
    db.session.add(Membership(unit_id=of.id, edition_id=cycle.id, from_on=first, to_on=last, admitted_at=LONG_AGO))
    db.session.flush()


def rate(currency: str, on: date, millionths: int, source: str = "demonstration") -> None:
    db.session.add(Rate(on=on, currency=currency, unit=1, mad_millionths=millionths, source=source))


@dataclass
class Sold:
    """One line to be sold."""

    unit: Unit
    net_minor: int
    quantity: int = 1
    memberships: Sequence[tuple[str, str]] = ()
    family: str = "tapis"
    handed_over_at: datetime | None = None


_counter = iter(range(1, 10**9))


def variant(of: Unit) -> Variant:
    made = Product(
        public_id=public_id(),
        unit_id=of.id,
        craft=family(),
        family="tapis",
        kind="repeatable",
        state="published",
        origin_region=of.region,
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
    )
    db.session.add(made)
    db.session.flush()
    sort = Variant(product_id=made.id, sku=f"SKU-{next(_counter)}")
    db.session.add(sort)
    db.session.flush()
    return sort


def _line(order: Order, position: int, sold: Sold) -> OrderLine:
    sort = variant(sold.unit)
    return OrderLine(
        order_id=order.id,
        position=position,
        variant_id=sort.id,
        product_id=sort.product_id,
        unit_id=sold.unit.id,
        sku=sort.sku,
        title="Tapis",
        maker_title="زربية",
        quantity=sold.quantity,
        sale_unit="piece",
        unit_price_minor=sold.net_minor // sold.quantity,
        net_minor=sold.net_minor,
        commission_bp=1000,
        commission_minor=sold.net_minor // 10,
        fee_bearer="maker",
        loss_bearer="operator",
        kind="repeatable",
        craft="tapis",
        family=family(sold.family),
        origin_region=sold.unit.region,
        memberships=[{"programme": programme, "edition": edition} for programme, edition in sold.memberships],
        shares=[],
        lead_time_days=0,
        weight_grams=1000,
        promise_on=date(2026, 3, 20),
        state="handed_over" if sold.handed_over_at else "paid",
        handed_over_at=sold.handed_over_at,
    )


def paid_order(
    lines: Sequence[Sold], paid_at: datetime, *, shipping: int = 0, currency: str = "EUR", country: str = "FR"
) -> Order:
    """A paid order with its payment in the books."""
    number = next(_counter)
    goods = sum(line.net_minor for line in lines)
    order = Order(
        number=f"M{number:08d}",
        state="paid",
        language="fr",
        currency=currency,
        email="buyer@example.org",
        country=country,
        address={"name": "Jeanne Martin", "country_code": country},
        goods_minor=goods,
        shipping_minor=shipping,
        total_minor=goods + shipping,
        placed_at=paid_at,
        paid_at=paid_at,
    )
    db.session.add(order)
    db.session.flush()
    rows = [_line(order, position, line) for position, line in enumerate(lines, 1)]
    db.session.add_all(rows)
    db.session.add(
        Attempt(
            order_id=order.id,
            key=f"key-{number}",
            amount_minor=order.total_minor,
            currency=currency,
            parameters={},
            state="paid",
            session_id=f"cs_{number}",
            payment_intent=f"pi_{number}",
            charge=f"ch_{number}",
            created_at=paid_at,
            expires_at=paid_at,
        )
    )
    db.session.flush()
    ledger.post_payment(order, rows, f"pi_{number}", local_day(paid_at))
    return order


def lines_of_order(order: Order) -> list[OrderLine]:
    return list(
        db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
    )


def balance_arrives(order: Order, fee: int, *, gross: int | None = None, currency: str = "", rate: str = "") -> str:
    """The charge's balance transaction, in another settlement currency when `currency` is given."""
    attempt = db.session.scalars(select(Attempt).where(Attempt.order_id == order.id)).one()
    movement = f"txn_{attempt.charge}"
    gross = gross or order.total_minor
    assert order.paid_at is not None
    db.session.add(
        BalanceTransaction(
            id=movement,
            type="charge",
            reporting_category="charge",
            source=attempt.charge,
            amount_minor=gross,
            fee_minor=fee,
            net_minor=gross - fee,
            currency=currency or order.currency,
            exchange_rate=rate or None,
            created_at=order.paid_at,
            available_at=order.paid_at,
            raw={},
            imported_at=order.paid_at,
        )
    )
    intent = attempt.payment_intent or ""
    ledger.post_balance(
        order.id,
        lines_of_order(order),
        Cause("payment", intent, intent),
        Movement(movement, gross, fee, currency or order.currency),
        local_day(order.paid_at),
    )
    return movement


def refunded(
    order: Order, at: datetime, *positions: int, requested_at: datetime | None = None, minor: int | None = None
) -> Refund:
    """A refund that succeeded, in the books: of whole lines, or of `minor` of each."""
    attempt = db.session.scalars(select(Attempt).where(Attempt.order_id == order.id)).one()
    lines = [line for line in lines_of_order(order) if not positions or line.position in positions]
    given_back = {line.id: minor or line.net_minor + line.tax_minor - line.refunded_minor for line in lines}
    for line in lines:
        line.refunded_minor += given_back[line.id]
        if line.refunded_minor == line.net_minor + line.tax_minor:
            line.refunded_at = at
    number = next(_counter)
    amount = sum(given_back.values())
    refund = Refund(
        order_id=order.id,
        attempt_id=attempt.id,
        key=f"refund-{number}",
        amount_minor=amount,
        currency=order.currency,
        reason="buyer",
        state="succeeded",
        stripe_id=f"re_{number}",
        requested_at=requested_at or at,
        settled_at=at,
    )
    db.session.add(refund)
    db.session.flush()
    wanted = [Part("line", amount, line_id) for line_id, amount in given_back.items()]
    intent, stripe_id = attempt.payment_intent or "", refund.stripe_id or ""
    given = ledger.post_refund(order, lines_of_order(order), wanted, amount, intent, stripe_id, local_day(at))
    for split in given.splits:
        db.session.add(
            RefundPart(
                refund_id=refund.id,
                kind="line",
                line_id=split.line_id,
                amount_minor=split.minor,
                net_minor=split.net_minor,
                commission_minor=split.commission_minor,
                tax_minor=split.tax_minor,
            )
        )
    return refund


def declared(of: Unit, sold_at: datetime, amount_minor: int, **changes: Any) -> DeclaredSale:
    number = next(_counter)
    values: dict[str, Any] = {
        "source": "fair",
        "external_id": f"F{number}",
        "sku": "X",
        "occurrence": 1,
        "sold_at": sold_at,
        "unit_id": of.id,
        "quantity": 1,
        "unit_price": str(amount_minor),
        "currency": "GBP",
        "amount_minor": amount_minor,
        "country": "GB",
        "status": "exported",
        "imported_at": sold_at,
    }
    sale = DeclaredSale(**{**values, **changes})
    db.session.add(sale)
    return sale
