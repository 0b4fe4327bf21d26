"""Buyers of the past: they choose what is on the shelf that day, check out, and pay or do not."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from random import Random

from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.models import Variant
from shop.catalogue.services import change_stock
from shop.core import clock
from shop.core.db import db, transaction
from shop.demo.content.load import Buyer
from shop.demo.double.inprocess import pay
from shop.demo.loading.buyers import Visit
from shop.demo.loading.past import Past
from shop.demo.loading.pieces import Offer
from shop.orders.addresses import check_buyer
from shop.orders.cart import CartView, add_to_cart, read_cart, set_choice
from shop.orders.models import Order
from shop.payments.checkout import abandon_order, check_out, open_payment, return_view
from shop.programme.queries import admitted_units

GOOD_CARDS = ("4242424242424242", "4242424242424242", "5555555555554444", "378282246310005")
SECURE_CARD = "4000002500003155"
BAD_CARDS = ("4000000000000002", "4000000000009995")
# What goes into one parcel; heavier things are ordered alone and travel on a pallet.
PARCEL_GRAMS = 30_000
# The dearer a piece, the rarer it is bought; but nothing is so dear that nobody wants it.
POPULARITY = 900_000
LEAST = 90
PAGE_LIFE = timedelta(minutes=36)
Chosen = list[tuple[Offer, int]]


class Shoppers:
    """Turns visits into orders. `after(order_id, visit, chance)` is called with each order that was paid."""

    def __init__(
        self, past: Past, offers: Sequence[Offer], seed: int, after: Callable[[int, Visit, Random], None]
    ) -> None:
        self._past, self._offers, self._seed, self._after = past, offers, seed, after
        self._addresses: dict[str, tuple[str, dict[str, str]]] = {}
        self._admitted_on: dict[date, set[int]] = {}
        self._in_making: set[int] = set()

    def visit(self, visit: Visit) -> None:
        """One visit, at the clock's moment."""
        chance = Random(f"{self._seed}/order/{visit.number}")
        chosen = self._arranged(visit) or self._choose(chance)
        if not chosen:
            return
        order_id = self._place(visit, chosen)
        session = open_payment(order_id).session_id
        if visit.payment == "walked_away":
            self._past.at(clock.now() + PAGE_LIFE, self._past.sweep)
        elif visit.payment == "abandoned":
            self._past.at(clock.now() + timedelta(minutes=chance.randint(4, 20)), partial(self._abandon, order_id))
        else:
            self._pay(visit, session, chance)
            if chance.random() < 0.5:
                return_view(order_id)
            self._past.catch_up()
            self._restock_later(chosen, chance)
            self._after(order_id, visit, chance)

    def _arranged(self, visit: Visit) -> Chosen:
        """What a visit was planned for, fetched from the maker if need be; nothing if that cannot be bought today."""
        offers = [offer for offer in self._offers if offer.product.key == visit.wanted and offer.full]
        admitted = self._admitted()
        for offer in offers:
            quantity = visit.quantity or offer.product.min_quantity
            if offer.published_at > clock.now() or offer.unit_id not in admitted:
                continue
            available = _available().get(offer.variant_id, 0)
            if available < quantity and offer.product.kind != "one_of_a_kind":
                _fill(offer, max(quantity, offer.full))
                available = max(quantity, offer.full)
            if available >= quantity:
                return [(offer, quantity)]
        return []

    def _choose(self, chance: Random) -> Chosen:
        now, admitted, available = clock.now(), self._admitted(), _available()
        shelf = [
            offer
            for offer in self._offers
            if offer.published_at <= now
            and offer.unit_id in admitted
            and offer.product.kind != "one_of_a_kind"
            and available.get(offer.variant_id, 0) >= offer.product.min_quantity
        ]
        weights = [(LEAST + POPULARITY // offer.price_eur) / len(offer.product.variants) for offer in shelf]
        wanted = chance.choices((1, 2, 3), (72, 21, 7))[0]
        chosen: Chosen = []
        grams = 0
        for offer in chance.choices(shelf, weights, k=wanted * 2) if shelf else []:
            if len(chosen) == wanted or any(offer.product.key == other.product.key for other, _quantity in chosen):
                continue
            quantity = min(_quantity(offer, chance), available[offer.variant_id])
            quantity -= quantity % offer.product.quantity_step
            added = offer.product.weight_grams * quantity
            if chosen and grams + added > PARCEL_GRAMS:
                continue
            chosen.append((offer, quantity))
            grams += added
            if grams > PARCEL_GRAMS:
                break
        return chosen

    def _admitted(self) -> set[int]:
        today = clock.today()
        if today not in self._admitted_on:
            admitted = db.session.scalars(select(Unit.id).where(admitted_units(today)))
            self._admitted_on = {today: set(admitted)}
        return self._admitted_on[today]

    def _place(self, visit: Visit, chosen: Chosen) -> int:
        with transaction():
            token = None
            for offer, quantity in chosen:
                cart = add_to_cart(token, offer.variant_id, quantity, visit.currency)
                token = cart.token
            set_choice(cart, visit.currency, visit.buyer.country)
        view: CartView = read_cart(token, visit.buyer.language)
        email, address = self._address(visit.buyer)
        order: Order = check_out(view, email=email, address=address, language=visit.buyer.language)
        return order.id

    def _address(self, buyer: Buyer) -> tuple[str, dict[str, str]]:
        if buyer.email not in self._addresses:
            typed = {
                "email": buyer.email,
                "phone": buyer.phone,
                "name": buyer.name,
                "street_address": "\n".join(buyer.lines),
                "city": buyer.city,
                "postal_code": buyer.postal_code,
                "country_area": buyer.region,
            }
            self._addresses[buyer.email] = check_buyer(buyer.country, typed)
        return self._addresses[buyer.email]

    def _pay(self, visit: Visit, session: str, chance: Random) -> None:
        who = {"country": visit.buyer.country, "name": visit.buyer.name}
        tries = {
            "card": [(chance.choice(GOOD_CARDS), True)],
            "secure": [(SECURE_CARD, True)],
            "declined_first": [(chance.choice(BAD_CARDS), True), (chance.choice(GOOD_CARDS), True)],
            "secure_failed_first": [(SECURE_CARD, False), (SECURE_CARD, True)],
        }[visit.payment]
        for card, authenticate in tries:
            self._past.virtual.advance(seconds=chance.randint(40, 200))
            pay(self._past.double, session, card, authenticate=authenticate, **who)

    def _abandon(self, order_id: int) -> None:
        abandon_order(order_id, actor=None)
        self._past.catch_up()

    def _restock_later(self, chosen: Chosen, chance: Random) -> None:
        """The maker makes another of what was bought, in about the time it takes."""
        for offer, _bought in chosen:
            if offer.product.kind != "one_of_a_kind" and offer.full and offer.variant_id not in self._in_making:
                self._in_making.add(offer.variant_id)
                days = 2 + offer.product.lead_time_days * chance.randint(40, 100) // 100
                self._past.at(clock.now() + timedelta(days=days), partial(self._restock, offer))

    def _restock(self, offer: Offer) -> None:
        self._in_making.discard(offer.variant_id)
        _fill(offer, offer.full)


def _quantity(offer: Offer, chance: Random) -> int:
    product = offer.product
    if product.sale_unit == "m2":
        return product.min_quantity + product.quantity_step * chance.randint(2, 9)
    if product.kind == "repeatable" and offer.price_eur < 6_500:
        return product.min_quantity + product.quantity_step * chance.choices((0, 1, 2, 3), (70, 18, 7, 5))[0]
    return product.min_quantity


def _fill(offer: Offer, wanted: int) -> None:
    with transaction():
        available = db.session.get_one(Variant, offer.variant_id, populate_existing=True).available
        if available < wanted:
            change_stock(offer.variant_id, unit_id=offer.unit_id, new_available=wanted, actor=offer.account_id)


def _available() -> dict[int, int]:
    rows = db.session.execute(select(Variant.id, Variant.available))
    return {row.id: row.available for row in rows}
