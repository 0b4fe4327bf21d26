"""From a cart to an order: one transaction that takes the stock and freezes everything that decides money later."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from shop.artisans.models import Person, Unit
from shop.catalogue import stock
from shop.catalogue.models import Product
from shop.core import clock
from shop.core.db import db
from shop.core.errors import Conflict
from shop.core.ids import order_number
from shop.core.money import basis_points
from shop.core.policies import get_policy
from shop.i18n.messages import gettext as _
from shop.orders.cart import CartLineView, CartView
from shop.orders.errors import CartEmpty, DiscountTooLarge, NotForSale, PriceChanged, QuantityInvalid
from shop.orders.models import Cart, Order, OrderLine, Reservation
from shop.orders.queries import list_lines
from shop.orders.services import note
from shop.programme.queries import list_memberships
from shop.shipping.charges import LineTax
from shop.shipping.errors import CannotShip
from shop.shipping.services import ship_by

# Longer than the payment page lives (35 minutes), so that stock never comes back under an open page.
HOLD = timedelta(minutes=45)
# Policies about who bears what, frozen on the line under their own names.
BEARERS = ("fee_bearer", "loss_bearer", "dispute_fee_bearer", "freight_bearer")


class LiveOrder(Conflict):
    """The cart already became an order with other contents; its payment page must be closed first."""

    def __init__(self, order_id: int) -> None:
        super().__init__("", order_id=order_id)
        self.order_id = order_id


def _refuse_problems(cart: CartView) -> None:
    if not cart.lines:
        raise CartEmpty(_("Your cart is empty."))
    for line in cart.lines:
        if line.problem == "not_for_sale" or line.unit_price_minor is None:
            raise NotForSale(line.variant_id, _("%(title)s is no longer for sale.", title=line.title.text))
        if line.problem in {"sold_out", "fewer"}:
            raise stock.OutOfStock(line.variant_id, line.quantity)
        if line.problem == "quantity":
            raise QuantityInvalid(_("Choose another quantity of %(title)s.", title=line.title.text))
        if line.problem == "price_changed":
            raise PriceChanged(line.variant_id, line.seen_minor, line.unit_price_minor)
    if cart.country is None or cart.shipping is None:
        raise CannotShip("country", cart.shipping_problem or _("Choose the country to send to."))


def find_live_order(cart_id: int) -> Order | None:
    """The order a cart became that still waits for its payment, or None."""
    return db.session.scalars(
        select(Order)
        .where(Order.cart_id == cart_id, Order.state == "awaiting_payment")
        .order_by(Order.id.desc())
        .limit(1)
    ).first()


def _same(
    order: Order, cart: CartView, email: str, address: dict[str, Any], language: str, discount_minor: int
) -> bool:
    lines = [(line.variant_id, line.quantity, line.unit_price_minor) for line in list_lines(order.id)]
    wanted = [(line.variant_id, line.quantity, line.unit_price_minor) for line in cart.lines]
    asked = (cart.currency, cart.total_minor - discount_minor, email, address, language)
    return lines == wanted and asked == (
        order.currency,
        order.total_minor,
        order.email,
        order.address,
        order.language,
    )


def place_order(
    cart: CartView, *, email: str, address: dict[str, Any], language: str, discount_minor: int = 0
) -> Order:
    """Reserve the cart's stock and write the order, awaiting payment. Call inside a transaction.

    `address` is as in orders.models.Order; `discount_minor` is what the programme pays of the pieces' price. Reloading or
    clicking twice gives the order that is there; one with other contents raises LiveOrder. Raises CartEmpty, NotForSale,
    PriceChanged, QuantityInvalid, CannotShip, DiscountTooLarge, stock.OutOfStock.
    """
    email = email.strip().casefold()
    if cart.cart_id is not None:
        # Two clicks at once: the second waits here, and then finds the order of the first.
        db.session.execute(select(Cart.id).where(Cart.id == cart.cart_id).with_for_update())
    live = find_live_order(cart.cart_id) if cart.cart_id is not None else None
    if live is not None:
        if _same(live, cart, email, address, language, discount_minor):
            return live
        raise LiveOrder(live.id)
    _refuse_problems(cart)
    assert cart.charges is not None
    assert cart.country is not None
    charges = cart.charges
    if not 0 <= discount_minor <= cart.goods_minor or discount_minor == charges.total_minor:
        raise DiscountTooLarge(discount_minor, cart.goods_minor)
    now = clock.now()
    order = Order(
        number=order_number(),
        cart_id=cart.cart_id,
        state="awaiting_payment",
        language=language,
        currency=cart.currency,
        email=email,
        country=cart.country,
        address=address,
        goods_minor=charges.goods_minor,
        shipping_minor=charges.shipping_minor,
        shipping_tax_minor=charges.shipping_tax_minor,
        tax_minor=charges.tax_minor,
        duty_minor=charges.duty_minor,
        discount_minor=discount_minor,
        total_minor=charges.total_minor - discount_minor,
        incoterm=charges.incoterm,
        parcels=[parcel.as_data() for parcel in cart.parcels],
        landed=charges.landed.as_data(clock.local_day(now)),
        placed_at=now,
        hold_until=now + HOLD,
    )
    db.session.add(order)
    db.session.flush()
    wanted = _sum_by_variant(cart.lines)
    stock.reserve(wanted.items())
    db.session.add_all(
        Reservation(order_id=order.id, variant_id=variant_id, quantity=quantity, state="held")
        for variant_id, quantity in wanted.items()
    )
    _write_lines(order, cart.lines, charges.lines)
    note(order.id, "placed")
    return order


def _sum_by_variant(lines: tuple[CartLineView, ...]) -> dict[int, int]:
    wanted: dict[int, int] = {}
    for line in lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    return wanted


def _write_lines(order: Order, lines: tuple[CartLineView, ...], taxes: tuple[LineTax, ...]) -> None:
    products = {
        product.id: product
        for product in db.session.scalars(select(Product).where(Product.id.in_({line.product_id for line in lines})))
    }
    memberships = {unit_id: _memberships(unit_id) for unit_id in {line.unit_id for line in lines}}
    shares = _shares({line.unit_id for line in lines})
    commission_bp = get_policy("commission_bp")
    bearers = {key: get_policy(key) for key in BEARERS}
    for position, (line, tax) in enumerate(zip(lines, taxes, strict=True), 1):
        product = products[line.product_id]
        db.session.add(
            OrderLine(
                order_id=order.id,
                position=position,
                variant_id=line.variant_id,
                product_id=line.product_id,
                unit_id=line.unit_id,
                sku=line.sku,
                title=line.title.text,
                maker_title=line.maker_title,
                options=line.options,
                picture_id=line.picture_id,
                quantity=line.quantity,
                sale_unit=line.sale_unit,
                unit_price_minor=line.unit_price_minor,
                net_minor=tax.net_minor,
                tax_minor=tax.tax_minor,
                tax_mode=tax.tax_mode,
                tax_rate_bp=tax.tax_rate_bp,
                commission_bp=commission_bp,
                commission_minor=basis_points(tax.net_minor, commission_bp),
                **bearers,
                kind=product.kind,
                craft=product.craft,
                family=product.family,
                hs_code=product.hs_code,
                origin_region=product.origin_region,
                memberships=memberships[line.unit_id],
                shares=shares.get(line.unit_id, []),
                lead_time_days=line.lead_time_days,
                weight_grams=line.weight_grams,
                promise_on=ship_by(line.lead_time_days, clock.local_day(order.placed_at)),
                state="placed",
            )
        )


def _memberships(unit_id: int) -> list[dict[str, str]]:
    """What a sale of today counts for: the unit's own memberships and those of the aggregator that carries it."""
    today = clock.today()
    unit = db.session.get(Unit, unit_id)
    holders = [unit_id] + ([unit.aggregator_id] if unit is not None and unit.aggregator_id else [])
    found: dict[str, str] = {}
    for holder in holders:
        for _membership, edition, programme in list_memberships(holder, today):
            found.setdefault(edition.code, programme.code)
    return [{"programme": programme, "edition": edition} for edition, programme in sorted(found.items())]


def _shares(unit_ids: set[int]) -> dict[int, list[dict[str, int]]]:
    result: dict[int, list[dict[str, int]]] = {}
    rows = db.session.execute(
        select(Person.unit_id, Person.id, Person.share_bp).where(Person.unit_id.in_(unit_ids)).order_by(Person.id)
    )
    for row in rows:
        result.setdefault(row.unit_id, []).append({"person_id": row.id, "bp": row.share_bp})
    return result
