"""What buyers of the past write and withdraw from, and what makers and officers answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shop.core.db import db, transaction
from shop.demo.loading.past import Past
from shop.orders import returns
from shop.orders.messages import mark_read, write_message
from shop.orders.models import Order, Return
from shop.orders.queries import list_lines, lock_order
from shop.payments.returns import refund_return, withdraw

# Orders that come back, by what has become of them, and how many days ago they were bought.
RETURNS = {"return_sent": 45, "return_done": 58}
# How far from that day an order may lie: the time for withdrawing has to be open still.
LATITUDE = 12
# Days before the present of each step: withdrawn, told where to, posted, back, paid back.
STEPS = {"return_sent": (6, 5, 2), "return_done": (24, 23, 19, 13, 12)}
PARCEL_BACK = ("Colissimo", "8R00412786310")
ADDRESS_BACK = "Khatem, Technopark\nRoute de Nouaceur, Casablanca 20150, Maroc"


@dataclass(frozen=True, slots=True)
class Said:
    """One message: hours before the present, who wrote (as in orders.models.Message), what."""

    hours: int
    author: str
    text: str


# By product and country of the orders that are arranged; each in its buyer's language.
TALKS: dict[tuple[str, str], tuple[Said, ...]] = {
    ("zellige-cobalt", "FR"): (
        Said(3, "buyer", "Bonjour, les six mètres carrés viendront-ils d’une même cuisson ? C’est pour un seul mur."),
    ),
    ("pouf-marrakech", "CA"): (
        Said(150, "buyer", "Bonjour, le pouf est-il livré garni, ou faut-il prévoir le rembourrage ?"),
        Said(
            141, "maker", "Bonjour, il voyage à plat, sans garniture. Comptez six kilos de laine ou de vieux textiles."
        ),
    ),
    ("zellige-lait", "GB"): (
        Said(27, "buyer", "Hello, could you send two extra tiles for cuts, or is a box always a full square metre?"),
        Said(
            4,
            "programme",
            "Hello, we have spoken to the workshop by telephone: every box holds a few tiles more than a square metre, "
            "so two cuts are covered. Nothing is added to your order.",
        ),
    ),
    ("zellige-lait", "DE"): (
        Said(230, "buyer", "Good morning, may these tiles be laid in a shower?"),
        Said(212, "maker", "Good morning, yes, on the walls. On a shower floor they would be slippery."),
    ),
    # Nobody has answered it for longer than an officer lets it wait.
    ("zellige-table", "US"): (
        Said(58, "buyer", "Hi, what is the height of the table with its iron base? It has to fit under a window."),
    ),
    ("safi-tajine", "AE"): (
        Said(8, "buyer", "السلام عليكم، هل يصلح هذا الطاجين للطهي على موقد كهربائي؟"),
        Said(6, "maker", "وعليكم السلام، نعم، بشرط وضع موزع للحرارة تحته ورفع النار شيئا فشيئا."),
    ),
}
# Pieces withdrawn from before they left, by product and country: how many, hours before the present.
SECOND_THOUGHTS = {("safi-tajine", "AE"): (1, 5)}


class Afterwards:
    """Lays out what follows an order beside its making. `accounts` maps a unit's id to the account that acts for it."""

    def __init__(self, past: Past, accounts: Mapping[int, int], officer: int) -> None:
        self._past, self._accounts, self._officer = past, accounts, officer

    def follow(self, order_id: int, fate: str, arranged: tuple[str, str] | None) -> None:
        """Steps of a paid order; `arranged` names its product and country if it is one that was planned."""
        past = self._past
        if arranged is not None:
            for said in TALKS.get(arranged, ()):
                past.at(past.end - timedelta(hours=said.hours), partial(self._say, order_id, said))
            if arranged in SECOND_THOUGHTS:
                quantity, hours = SECOND_THOUGHTS[arranged]
                past.at(past.end - timedelta(hours=hours), partial(self._withdraw, order_id, quantity))
        if fate in RETURNS:
            acts = (self._withdraw, self._approve, self._post, self._receive, self._pay_back)
            for days, act in zip(STEPS[fate], acts, strict=False):
                past.at(past.end - timedelta(days=days), partial(act, order_id))

    def _say(self, order_id: int, said: Said) -> None:
        unit_id = list_lines(order_id)[0].unit_id
        actor = {"maker": self._accounts[unit_id], "programme": self._officer}.get(said.author)
        with transaction():
            if said.author == "maker":
                mark_read(order_id, unit_id)
            write_message(order_id, unit_id, said.author, said.text, actor=actor)
        self._past.catch_up()

    def _withdraw(self, order_id: int, quantity: int = 1) -> None:
        """From so many pieces of the first line that may be withdrawn from."""
        with transaction():
            choices = returns.list_choices(db.session.get_one(Order, order_id), list_lines(order_id))
            line = next((choice.line for choice in choices if not choice.obstacle), None)
            if line is not None:
                withdraw(order_id, [line.id], {line.id: min(quantity, line.kept)})
        self._past.catch_up()

    def _approve(self, order_id: int) -> None:
        with transaction():
            for way_back in self._open(order_id, "asked"):
                returns.approve_return(way_back, ADDRESS_BACK, actor=self._officer)
        self._past.catch_up()

    def _post(self, order_id: int) -> None:
        with transaction():
            for way_back in self._open(order_id, "approved"):
                returns.note_sent_back(way_back, *PARCEL_BACK)

    def _receive(self, order_id: int) -> None:
        with transaction():
            for way_back in self._open(order_id, "sent"):
                returns.receive_return(way_back, actor=self._officer)
        self._past.catch_up()

    def _pay_back(self, order_id: int) -> None:
        with transaction():
            for way_back in self._open(order_id, "received"):
                refund_return(order_id, way_back.public_id, actor=self._officer)
        self._past.catch_up()

    def _open(self, order_id: int, state: str) -> list[Return]:
        lock_order(order_id)
        return [way_back for way_back, _pieces in returns.list_returns(order_id) if way_back.state == state]
