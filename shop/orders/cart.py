"""The cart: what a visitor gathered, and whether each line can be bought as it stands.

A cart reserves nothing. Prices, stock and weights are read anew each time; of what the visitor's browser sends only a
variant and a quantity are believed, and those are checked.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, String, and_, bindparam, delete, func, insert, select, update

from shop.artisans.models import Unit
from shop.catalogue.currencies import default_currency, list_currencies
from shop.catalogue.models import Price, Product, Variant
from shop.core import clock
from shop.core.db import UTCDateTime, db
from shop.core.errors import Invalid, NotFound
from shop.core.ids import token as new_token
from shop.i18n.countries import COUNTRY_CODES
from shop.i18n.fold import fold
from shop.i18n.messages import gettext as _
from shop.i18n.slugs import slugify
from shop.i18n.texts import Told, tell, texts_of
from shop.media.models import Picture
from shop.media.queries import VIEW_COLUMNS, picture_view
from shop.orders.amounts import Amounts, amounts_of
from shop.orders.errors import NotForSale, QuantityInvalid
from shop.orders.models import Cart, CartLine, Order, OrderLine, Reservation
from shop.programme.queries import admitted_units
from shop.shipping.charges import Charges, Goods
from shop.shipping.errors import CannotShip
from shop.shipping.queries import Quote, Tariff, read_tariff
from shop.shipping.services import Arrival

# Nobody carries home more of one thing by a form; a larger number is a slip of the finger.
MAX_QUANTITY = 9_999
# Stripe takes 100 lines (docs.stripe.com/api/checkout/sessions/create, line_items); shipping, tax and duty are three.
MAX_LINES = 97

_WHOLE = re.compile(r"\+?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class CartLineView:
    """One line as it stands now. `weight_grams` is of one sale unit, 0 when unknown. `available` counts what this
    cart's own unpaid order holds. `seen_minor` is the unit price the buyer saw, `unit_price_minor` the one of now, None
    when the piece has no price in the cart's currency.

    `problem` is None, "not_for_sale", "sold_out", "fewer", "quantity" or "price_changed", the gravest first.
    """

    variant_id: int
    product_id: int
    product_public_id: str
    slug: str
    sku: str
    unit_id: int
    title: Told
    maker_title: str
    unit_name: str
    picture_id: int | None
    picture: dict[str, Any] | None
    options: str
    quantity: int
    min_quantity: int
    quantity_step: int
    sale_unit: str
    unit_price_minor: int | None
    seen_minor: int
    line_minor: int
    available: int
    weight_grams: int
    hs_code: str | None
    kind: str
    lead_time_days: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class ParcelView:
    """What one maker sends: the variants in it, grams packed, its postage and the days it may arrive on."""

    unit_id: int
    unit_name: str
    variant_ids: tuple[int, ...]
    grams: int
    shipping_minor: int
    arrives: Arrival

    def as_data(self) -> dict[str, Any]:
        """As in orders.models.Order.parcels."""
        return {
            "unit_id": self.unit_id,
            "grams": self.grams,
            "shipping_minor": self.shipping_minor,
            "ship_by": self.arrives.ship_by.isoformat(),
            "earliest": self.arrives.earliest.isoformat(),
            "latest": self.arrives.latest.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as it stands now, in one currency, for one destination (None while the buyer has not said).

    Every maker sends a parcel of their own: `parcels`, in the order of the lines; `shipping` is of all together, and None
    without a destination, without lines, or when nothing carries it there: `shipping_problem` then says why, and `freight`
    which variant is no parcel, if that is why. So are `charges`; their lines are the cart's that can be bought. `goods_minor` is the prices of these as
    shown, `total_minor` what is paid for them as far as it is known. `tariff` is what the postage was read from, if it was.
    """

    cart_id: int | None
    token: str
    currency: str
    country: str | None
    lines: tuple[CartLineView, ...]
    goods_minor: int
    shipping: Quote | None
    shipping_problem: str
    total_minor: int
    problems: bool
    charges: Charges | None = None
    tariff: Tariff | None = None
    parcels: tuple[ParcelView, ...] = ()
    freight: int | None = None

    @property
    def amounts(self) -> Amounts:
        """What it comes to, as its buyer reads it."""
        if self.charges is None:
            return Amounts(self.goods_minor, 0, 0, 0, 0, self.total_minor, "none", 0)
        return amounts_of(self.charges, self.charges.lines)

    @property
    def count(self) -> int:
        """How many lines stand in the cart."""
        return len(self.lines)

    @property
    def lead_time_days(self) -> int:
        """The longest making time in the cart."""
        return max((line.lead_time_days for line in self.lines), default=0)


def parse_quantity(text: str, min_quantity: int = 1, quantity_step: int = 1) -> int:
    """A quantity as typed, also in Arabic-Indic digits. Raises QuantityInvalid, which says what would do."""
    typed = fold(text)
    if not _WHOLE.fullmatch(typed):
        raise QuantityInvalid(_("Enter how many as a whole number, for example %(example)s.", example=min_quantity))
    quantity = int(typed)
    if quantity > MAX_QUANTITY:
        raise QuantityInvalid(_("Enter a quantity of %(most)s or less.", most=MAX_QUANTITY))
    if quantity < min_quantity:
        raise QuantityInvalid(_("The smallest quantity is %(least)s.", least=min_quantity))
    if quantity % quantity_step:
        below = quantity - quantity % quantity_step
        nearest = [n for n in (below, below + quantity_step) if n >= min_quantity]
        if len(nearest) == 2:
            text = _(
                "This is sold in whole steps of %(step)s: choose %(below)s or %(above)s.",
                step=quantity_step,
                below=nearest[0],
                above=nearest[1],
            )
        else:
            text = _("This is sold in whole steps of %(step)s: choose %(above)s.", step=quantity_step, above=nearest[0])
        raise QuantityInvalid(text)
    return quantity


def find_cart(token: str | None, *, lock: bool = False) -> Cart | None:
    """The cart of a cookie, or None. `lock` keeps a second click waiting until the first has been done."""
    if not token:
        return None
    statement = select(Cart).where(Cart.token == token)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(statement).first()


def count_lines(token: str | None) -> int:
    """How many lines stand in the cart of a cookie; 0 without one."""
    if not token:
        return 0
    statement = select(func.count(CartLine.id)).join(Cart, CartLine.cart_id == Cart.id).where(Cart.token == token)
    return db.session.scalar(statement) or 0


def add_to_cart(token: str | None, variant_id: int, quantity: int, currency: str) -> Cart:
    """As put_into_cart; the cart itself."""
    cart = find_cart(put_into_cart(token, variant_id, quantity, currency), lock=True)
    if cart is None:
        raise RuntimeError("a cart that was written in this transaction is not there")
    return cart


def put_into_cart(
    token: str | None, variant_id: int, quantity: int | str, currency: str, *, product: str | None = None
) -> str:
    """Put a variant into the cart of a cookie, or into a new one; a line that is there grows. Answers the cart's token.

    Four statements at most. `quantity` may be as typed; `product` is the public id of the piece the variant must belong
    to. A one-of-a-kind piece that is there already stays as it is. Raises NotForSale, or QuantityInvalid when there are
    fewer.
    """
    _check_currency(currency)
    offer = _get_offer(variant_id, currency)
    if product is not None and offer.product != product:
        raise NotForSale(variant_id, _("This piece is not for sale at the moment."))
    if isinstance(quantity, str):
        quantity = parse_quantity(quantity, offer.min_quantity, offer.quantity_step)
    now, connection = clock.now(), db.session.connection()
    # A second click waits here until the first has been done, and reads the line after it.
    cart = connection.execute(_TOUCH_CART, {"own": token, "now": now}).first() if token else None
    line = connection.execute(_FIND_LINE, {"cart": cart.id, "variant": variant_id}).one() if cart else None
    wanted = 1 if offer.kind == "one_of_a_kind" else quantity + ((line.quantity or 0) if line else 0)
    _check_quantity(offer, wanted, offer.available + ((line.held or 0) if line else 0))
    if cart is None or line is None:
        token = new_token()
        fresh = {"token": token, "currency": currency, "created_at": now, "updated_at": now}
        cart_id = connection.execute(_INSERT_CART, fresh).scalar_one()
    else:
        token, cart_id = cart.token, cart.id
        if line.lines >= MAX_LINES and line.id is None:
            raise QuantityInvalid(_("A cart holds up to %(most)s different pieces.", most=MAX_LINES))
        if cart.currency != currency:
            # It is paid in the currency of what was put into it last.
            _change_currency(token, currency)
    if line is None or line.id is None:
        values = {"cart_id": cart_id, "variant_id": variant_id, "quantity": wanted, "seen_minor": offer.amount_minor}
        connection.execute(_INSERT_LINE, values)
    else:
        connection.execute(_UPDATE_LINE, {"line": line.id, "wanted": wanted, "minor": offer.amount_minor})
    return token


def _change_currency(token: str, currency: str) -> None:
    cart = find_cart(token, lock=True)
    if cart is not None:
        set_choice(cart, currency, cart.country)
        db.session.flush()


# A visitor waits for these, and a unit of work costs more than the statements it sends.
_CART: Any = Cart.__table__
_LINE: Any = CartLine.__table__


_INSERT_CART = insert(_CART).returning(_CART.c.id)
_INSERT_LINE = insert(_LINE).inline()
_UPDATE_LINE = (
    update(_LINE)
    .where(_LINE.c.id == bindparam("line"))
    .values(quantity=bindparam("wanted", type_=Integer), seen_minor=bindparam("minor", type_=BigInteger))
)
# Locks it, too. What it answers and the line must not be read by one statement: where it has waited for the lock, PostgreSQL
# reads the cart anew and all else as it was before (13.2.1, Read Committed).
_TOUCH_CART = (
    update(_CART)
    .where(_CART.c.token == bindparam("own"))
    .values(updated_at=bindparam("now", type_=UTCDateTime))
    .returning(_CART.c.id, _CART.c.token, _CART.c.currency)
)


def set_quantity(cart: Cart, variant_id: int, quantity: int) -> None:
    """Change how many of a line. Raises NotFound for a line that is not there, QuantityInvalid with what would do."""
    line = _find_line(cart, variant_id)
    if line is None:
        raise NotFound(_("This piece is not in your cart."))
    offer = _get_offer(variant_id, cart.currency)
    _check_quantity(offer, quantity, offer.available + count_held(cart.id, variant_id))
    line.quantity = quantity
    cart.updated_at = clock.now()


def remove_line(cart: Cart, variant_id: int) -> None:
    """Take a line out; harmless when it is gone already."""
    db.session.execute(delete(CartLine).where(CartLine.cart_id == cart.id, CartLine.variant_id == variant_id))
    cart.updated_at = clock.now()


def accept_prices(cart: Cart) -> None:
    """The buyer has seen today's prices in the cart's currency."""
    prices = _prices_of(cart)
    for line in db.session.scalars(select(CartLine).where(CartLine.cart_id == cart.id)):
        line.seen_minor = prices.get(line.variant_id, line.seen_minor)
    cart.updated_at = clock.now()


def set_choice(cart: Cart, currency: str, country: str | None) -> None:
    """The currency to pay in and the destination. Another currency has its own prices, which are then the seen ones."""
    _check_currency(currency)
    if country is not None and country not in COUNTRY_CODES:
        raise Invalid(_("Choose a country from the list."), {"country": _("Choose a country from the list.")})
    changed = currency != cart.currency
    cart.currency, cart.country = currency, country
    if changed:
        accept_prices(cart)
    cart.updated_at = clock.now()


def count_held(cart_id: int, variant_id: int) -> int:
    """How many of a variant the cart's own unpaid order holds."""
    return db.session.scalar(select(_held(cart_id, variant_id))) or 0


def read_cart(token: str | None, language: str, currency: str | None = None, country: str | None = None) -> CartView:
    """The cart of a cookie as it stands now; empty where there is none. Currency and country default to its own.

    Three statements: the lines, their titles, the postage.
    """
    values = {"token": token, "currency": currency}
    rows = db.session.execute(_line_statement(language, clock.today()), values).all() if token else []
    if not rows:
        return CartView(None, "", currency or default_currency(), country, (), 0, None, "", 0, False)
    cart = rows[0]
    currency, country = currency or cart.cart_currency, country or cart.country
    rows = [row for row in rows if row.variant_id is not None]
    texts = texts_of("product", [row.product_id for row in rows], ["title"])
    lines = tuple(
        _line_view(row, texts.get((row.product_id, "title"), {}), language, cart.cart_currency == currency)
        for row in rows
    )
    bought = [line for line in lines if _counts(line)]
    goods = sum(line.line_minor for line in bought)
    cart_now = CartView(
        cart_id=cart.cart_id,
        token=token or "",
        currency=currency,
        country=country,
        lines=lines,
        goods_minor=goods,
        shipping=None,
        shipping_problem="",
        total_minor=goods,
        problems=any(line.problem for line in lines),
    )
    return _send(cart_now, bought, country) if country and bought else cart_now


def _counts(line: CartLineView) -> bool:
    return line.problem in {None, "price_changed", "fewer", "quantity"}


def _send(cart: CartView, bought: list[CartLineView], country: str) -> CartView:
    """The cart with what it costs to bring its pieces to a country, and what that country asks for."""
    tariff = read_tariff(cart.currency, country)
    today = clock.today()
    groups: dict[int, list[CartLineView]] = {}
    for line in bought:
        groups.setdefault(line.unit_id, []).append(line)
    parcels, days = [], (0, 0)
    for unit_id, lines in groups.items():
        # One piece of unknown weight makes the weight of the parcel unknown.
        known = all(line.weight_grams for line in lines)
        grams = sum(line.weight_grams * line.quantity for line in lines) if known else 0
        heaviest = max(lines, key=lambda line: line.weight_grams)
        try:
            quote = tariff.quote(country, grams, heaviest.weight_grams)
        except CannotShip as error:
            freight = heaviest.variant_id if error.reason == "freight" else None
            return replace(cart, shipping_problem=error.text, tariff=tariff, freight=freight)
        arrives = quote.arrives(max(line.lead_time_days for line in lines), today)
        variants = tuple(line.variant_id for line in lines)
        parcels.append(ParcelView(unit_id, lines[0].unit_name, variants, grams, quote.amount_minor, arrives))
        days = quote.days_min, quote.days_max
    shipping = Quote(sum(parcel.shipping_minor for parcel in parcels), *days)
    positions = {unit_id: position for position, unit_id in enumerate(groups)}
    goods = [Goods(line.line_minor, line.hs_code, positions[line.unit_id]) for line in bought]
    charges = tariff.charge(country, goods, shipping.amount_minor)
    return replace(
        cart,
        shipping=shipping,
        charges=charges,
        total_minor=charges.total_minor,
        tariff=tariff,
        parcels=tuple(parcels),
    )


def _line_view(row: Any, titles: dict[str, str], language: str, same_currency: bool) -> CartLineView:
    title = tell(titles, language) or Told(row.sku, language)
    picture = picture_view(row) if row.sha256 else None
    return CartLineView(
        variant_id=row.variant_id,
        product_id=row.product_id,
        product_public_id=row.public_id,
        slug=slugify(title.text, language),
        sku=row.sku,
        unit_id=row.unit_id,
        title=title,
        maker_title=titles.get(row.source_language) or title.text,
        unit_name=row.unit_name,
        picture_id=row.cover_id,
        picture={**picture, "alt": title.text} if picture else None,
        options=options_text(row.option1, row.option2, language),
        quantity=row.quantity,
        min_quantity=row.min_quantity,
        quantity_step=row.quantity_step,
        sale_unit=row.sale_unit,
        unit_price_minor=row.amount_minor,
        seen_minor=row.seen_minor,
        line_minor=(row.amount_minor or 0) * row.quantity,
        available=row.available + row.held,
        weight_grams=row.weight_grams or 0,
        hs_code=row.hs_code,
        kind=row.kind,
        lead_time_days=row.lead_time_days,
        problem=_problem(row, same_currency),
    )


def _problem(row: Any, same_currency: bool) -> str | None:
    available = row.available + row.held
    if not row.admitted or row.state != "published" or row.archived_at is not None or row.amount_minor is None:
        return "not_for_sale"
    if available < row.min_quantity:
        return "sold_out"
    if available < row.quantity:
        return "fewer"
    if row.quantity < row.min_quantity or row.quantity % row.quantity_step:
        return "quantity"
    if same_currency and row.amount_minor != row.seen_minor:
        return "price_changed"
    return None


def options_text(option1: dict[str, str] | None, option2: dict[str, str] | None, language: str) -> str:
    """The options of a variant in words: "41, red"; empty for a piece without any."""
    told = [tell(option, language) for option in (option1, option2) if option]
    return ("، " if language == "ar" else ", ").join(text.text for text in told if text)


@lru_cache(maxsize=8)  # one for each language and day: building it costs more than sending it
def _line_statement(language: str, day: date) -> Any:
    """The lines of a cart by its token, with its own columns; one row without a variant where it is empty."""
    currency = func.coalesce(bindparam("currency", type_=String), Cart.currency)
    return (
        select(
            Cart.id.label("cart_id"),
            Cart.currency.label("cart_currency"),
            Cart.country,
            CartLine.variant_id,
            CartLine.quantity,
            CartLine.seen_minor,
            Variant.sku,
            Variant.option1,
            Variant.option2,
            Variant.available,
            Variant.archived_at,
            Product.id.label("product_id"),
            Product.public_id,
            Product.unit_id,
            Product.source_language,
            Product.cover_id,
            Product.min_quantity,
            Product.quantity_step,
            Product.sale_unit,
            Product.weight_grams,
            Product.hs_code,
            Product.kind,
            Product.lead_time_days,
            Product.state,
            getattr(Unit, f"name_{language}").label("unit_name"),
            admitted_units(day).label("admitted"),
            Price.amount_minor,
            func.coalesce(_held(Cart.id, Variant.id), 0).label("held"),
            *VIEW_COLUMNS,
        )
        .select_from(Cart)
        .outerjoin(CartLine, CartLine.cart_id == Cart.id)
        .outerjoin(Variant, CartLine.variant_id == Variant.id)
        .outerjoin(Product, Variant.product_id == Product.id)
        .outerjoin(Unit, Product.unit_id == Unit.id)
        .outerjoin(Price, and_(Price.variant_id == Variant.id, Price.currency == currency))
        .outerjoin(Picture, Picture.id == Product.cover_id)
        .where(Cart.token == bindparam("token"))
        .order_by(CartLine.id)
    )


def _held(cart_id: Any, variant_id: Any) -> ColumnElement[int]:
    return (
        select(func.sum(Reservation.quantity))
        .join(Order, Reservation.order_id == Order.id)
        .where(
            Order.cart_id == cart_id,
            Order.state == "awaiting_payment",
            Reservation.state == "held",
            Reservation.variant_id == variant_id,
        )
        .scalar_subquery()
    )


def _find_line_statement() -> Any:
    """The line of a variant in a cart, how many of it the cart's own unpaid order holds, and how many lines there are."""
    cart, variant = bindparam("cart", type_=BigInteger), bindparam("variant", type_=BigInteger)
    own = and_(_LINE.c.cart_id == cart, _LINE.c.variant_id == variant)
    return select(
        select(_LINE.c.id).where(own).scalar_subquery().label("id"),
        select(_LINE.c.quantity).where(own).scalar_subquery().label("quantity"),
        _held(cart, variant).label("held"),
        select(func.count(_LINE.c.id)).where(_LINE.c.cart_id == cart).scalar_subquery().label("lines"),
    )


_FIND_LINE = _find_line_statement()


def _get_offer(variant_id: int, currency: str) -> Any:
    """The variant with its price, if it can be bought today. Raises NotForSale."""
    values = {"variant": variant_id, "currency": currency}
    row = db.session.connection().execute(_offer_statement(clock.today()), values).first()
    if row is None:
        raise NotForSale(variant_id, _("This piece is not for sale at the moment."))
    return row


@lru_cache(maxsize=2)
def _offer_statement(day: date) -> Any:
    return (
        select(
            Variant.id.label("variant_id"),
            Variant.available,
            Product.public_id.label("product"),
            Product.kind,
            Product.min_quantity,
            Product.quantity_step,
            Price.amount_minor,
        )
        .join(Product, Variant.product_id == Product.id)
        .join(Unit, Product.unit_id == Unit.id)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == bindparam("currency")))
        .where(
            Variant.id == bindparam("variant", type_=BigInteger),
            Variant.archived_at.is_(None),
            Product.state == "published",
            admitted_units(day),
        )
    )


def _check_quantity(offer: Any, wanted: int, available: int) -> None:
    parse_quantity(str(wanted), offer.min_quantity, offer.quantity_step)
    if wanted <= available:
        return
    if available < offer.min_quantity:
        raise QuantityInvalid(_("This piece is sold."), variant_id=offer.variant_id)
    left = available - available % offer.quantity_step
    raise QuantityInvalid(_("Only %(left)s left: choose %(left)s or fewer.", left=left), variant_id=offer.variant_id)


def _check_currency(currency: str) -> None:
    if currency not in list_currencies():
        raise Invalid(_("Choose a currency from the list."), {"currency": _("Choose a currency from the list.")})


def _find_line(cart: Cart, variant_id: int) -> CartLine | None:
    return db.session.scalars(
        select(CartLine).where(CartLine.cart_id == cart.id, CartLine.variant_id == variant_id)
    ).first()


def _prices_of(cart: Cart) -> dict[int, int]:
    rows = db.session.execute(
        select(Price.variant_id, Price.amount_minor)
        .join(CartLine, CartLine.variant_id == Price.variant_id)
        .where(CartLine.cart_id == cart.id, Price.currency == cart.currency)
    )
    return {row.variant_id: row.amount_minor for row in rows}


def forget_bought(order: Order) -> None:
    """Take what an order bought out of the cart it came from; what was added since stays."""
    bought = select(OrderLine.variant_id).where(OrderLine.order_id == order.id)
    if order.cart_id is not None:
        db.session.execute(delete(CartLine).where(CartLine.cart_id == order.cart_id, CartLine.variant_id.in_(bought)))
