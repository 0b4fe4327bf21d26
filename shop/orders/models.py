"""Carts, orders, lines, holds on stock, the order's history, declared sales."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, BigId, UTCDateTime, big_id


class Cart(Base):
    """What a visitor gathered; reserves nothing. `token` is the cookie.

    `answers` is what was typed at checkout, as typed, by name of the field; forgotten once it is an order that is paid.
    """

    __tablename__ = "cart"
    id: Mapped[int] = big_id()
    token: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    country: Mapped[str | None]
    answers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CartLine(Base):
    """`seen_minor` is the unit price the visitor saw when adding; a change since is shown, never charged silently."""

    __tablename__ = "cart_line"
    __table_args__ = (UniqueConstraint("cart_id", "variant_id"), CheckConstraint("quantity > 0", "quantity"))
    id: Mapped[int] = big_id()
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    quantity: Mapped[int]
    seen_minor: Mapped[int] = mapped_column(BigInteger)


class Order(Base):
    """What a buyer agreed to, frozen. Amounts are minor units of `currency`; total = goods + shipping + tax + duty - discount.

    Goods and shipping are without tax; `tax_minor` is of the lines and, with `shipping_tax_minor`, of the shipping.
    `discount_minor` is what the programme pays in the buyer's place: price, tax and shares stay those of the full price.
    `incoterm` (ICC 2020): DDP when nothing is asked for at the door, else DAP.

    `parcels` is what the shipping was quoted for, one for each maker: [{"unit_id", "grams", "shipping_minor", "ship_by",
    "earliest", "latest"}], dates as ISO text; `landed` what the buyer was told the border asks: see shipping.charges.Landed.

    `address` is the snapshot {name, company, street_address, city, city_area, country_area, postal_code, sorting_code,
    country_code, phone}. `hold_until` is when the reservation of its stock ends.
    """

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint(
            "total_minor = goods_minor + shipping_minor + tax_minor + duty_minor - discount_minor", "total"
        ),
        CheckConstraint("total_minor > 0", "positive"),
        Index("ix_shop_order_state_hold", "state", "hold_until"),
        Index("ix_shop_order_paid", "paid_at"),
        Index("ix_shop_order_email", "email"),
    )
    id: Mapped[int] = big_id()
    number: Mapped[str] = mapped_column(unique=True)
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("cart.id", ondelete="SET NULL"), index=True)
    state: Mapped[str]
    language: Mapped[str]
    currency: Mapped[str]
    email: Mapped[str]
    country: Mapped[str]
    address: Mapped[dict[str, Any]] = mapped_column(JSON)
    goods_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    shipping_tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    duty_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    incoterm: Mapped[str] = mapped_column(default="DAP")
    parcels: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    landed: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    hold_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Cents added by nobody: the shipping's own refund, so that shipping is given back at most once.
    shipping_refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    problem: Mapped[str | None]
    # When its buyer was erased: from then on it names nobody, and its page is closed.
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class OrderLine(Base):
    """One variant of one order with everything that decides money and reports, frozen at placing.

    `net_minor` = unit price x quantity less the tax it contains when `tax_mode` is included; commission is on it. `memberships` is [{"programme", "edition"}],
    `shares` is [{"person_id", "bp"}]. `promise_on` is the ship-by date. `refunded_minor` is of goods. `withdrawn` is how many
    of the `quantity` the buyer has withdrawn from.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0 AND unit_price_minor > 0", "positive"),
        CheckConstraint("refunded_minor BETWEEN 0 AND net_minor + tax_minor", "refunded"),
        CheckConstraint("withdrawn BETWEEN 0 AND quantity", "withdrawn"),
        Index("ix_order_line_unit_state", "unit_id", "state"),
        Index("ix_order_line_handed_over", "handed_over_at"),
    )
    id: Mapped[int] = big_id()
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    position: Mapped[int]
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    sku: Mapped[str]
    # In the buyer's language, as bought, and in the maker's, so that each reads their own.
    title: Mapped[str]
    maker_title: Mapped[str]
    options: Mapped[str] = mapped_column(default="")
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    quantity: Mapped[int]
    sale_unit: Mapped[str]
    unit_price_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_mode: Mapped[str] = mapped_column(default="none")
    tax_rate_bp: Mapped[int] = mapped_column(default=0)
    commission_bp: Mapped[int]
    commission_minor: Mapped[int] = mapped_column(BigInteger)
    fee_bearer: Mapped[str]
    loss_bearer: Mapped[str]
    # Lines older than these two policies were sold when the operator bore both.
    dispute_fee_bearer: Mapped[str] = mapped_column(default="operator", server_default="operator")
    freight_bearer: Mapped[str] = mapped_column(default="operator", server_default="operator")
    kind: Mapped[str]
    craft: Mapped[str]
    family: Mapped[str]
    hs_code: Mapped[str | None]
    origin_region: Mapped[str]
    memberships: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    shares: Mapped[list[dict[str, int]]] = mapped_column(JSON)
    lead_time_days: Mapped[int]
    weight_grams: Mapped[int]
    promise_on: Mapped[date]
    state: Mapped[str]
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    call_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Of its parcel, as `handed_over_at` is: see fulfilment.models.Parcel.
    arrived_on: Mapped[date | None]
    # From asking until it is done or has failed: what is being given back is not sent any more.
    refund_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    refunded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def kept(self) -> int:
        """How many its buyer has not withdrawn from."""
        return self.quantity - self.withdrawn

    @property
    def is_fewer(self) -> bool:
        """Whether some, but not all, of what is still to leave its workshop is not wanted any more."""
        return self.handed_over_at is None and 0 < self.withdrawn < self.quantity

    @property
    def to_send(self) -> int:
        """How many its maker sends; as many as were bought, where all of it is gone or has left."""
        return self.kept if self.is_fewer else self.quantity


class Reservation(Base):
    """Stock held for an order until it is sold or given back; `state` is held, sold or released."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("order_id", "variant_id"),
        CheckConstraint("state IN ('held', 'sold', 'released')", "state"),
        Index("ix_reservation_variant_state", "variant_id", "state"),
    )
    id: Mapped[int] = big_id()
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    quantity: Mapped[int]
    state: Mapped[str]


class OrderEvent(Base):
    """What happened to an order, for the people who follow it. `line_id` is null for the whole order."""

    __tablename__ = "order_event"
    id: Mapped[int] = big_id()
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str]
    actor: Mapped[int | None] = mapped_column(BigId)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Return(Base):
    """Pieces of an order whose buyer has withdrawn from the contract, on their way back until the money is back.

    What had not been handed over begins as received: nothing has to be sent. `instructions` say where to and how,
    `reason` why it was refused; `closed_at` is when the money was back or the return refused.
    """

    __tablename__ = "order_return"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'approved', 'sent', 'received', 'refunded', 'refused')", "state"),
        Index("ix_order_return_state", "state", "id"),
    )
    id: Mapped[int] = big_id()
    public_id: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    state: Mapped[str]
    instructions: Mapped[str] = mapped_column(default="")
    carrier: Mapped[str] = mapped_column(default="")
    tracking: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReturnLine(Base):
    """How many of an order line are in a return."""

    __tablename__ = "order_return_line"
    __table_args__ = (CheckConstraint("quantity > 0", "quantity"),)
    return_id: Mapped[int] = mapped_column(ForeignKey("order_return.id"), primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), primary_key=True, index=True)
    quantity: Mapped[int]


class Message(Base):
    """What a buyer and a maker of an order tell each other, through the shop: neither learns the other's address.

    `author` is buyer, maker, or programme: an officer who answers in the maker's stead (`account_id`). `read_at` is when
    the maker has seen what somebody else wrote.
    """

    __tablename__ = "order_message"
    __table_args__ = (
        CheckConstraint("author IN ('buyer', 'maker', 'programme')", "author"),
        Index("ix_order_message_unit_read", "unit_id", "read_at"),
    )
    id: Mapped[int] = big_id()
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    author: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(BigId)
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DeclaredSale(Base):
    """A sale made elsewhere (a fair, another platform), as declared. Never enters the ledger.

    Unique by (source, external_id, sku, occurrence): the how-manieth line of that id. `amount_minor` = quantity x unit
    price, rounded half even once; a negative quantity is a refund.
    """

    __tablename__ = "declared_sale"
    __table_args__ = (
        UniqueConstraint("source", "external_id", "sku", "occurrence"),
        Index("ix_declared_sale_sold", "sold_at"),
    )
    id: Mapped[int] = big_id()
    source: Mapped[str]
    external_id: Mapped[str]
    sku: Mapped[str]
    occurrence: Mapped[int]
    sold_at: Mapped[datetime] = mapped_column(UTCDateTime)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    description: Mapped[str] = mapped_column(default="")
    quantity: Mapped[int]
    # As declared, exact ("0.001"): three decimals occur.
    unit_price: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    country: Mapped[str | None]
    status: Mapped[str]
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    family: Mapped[str | None]
    imported_at: Mapped[datetime] = mapped_column(UTCDateTime)
