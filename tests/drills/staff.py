"""What staff do in a drill: at their desk over HTTP, or, where only the outcome matters, straight away."""

import re
from collections.abc import Iterable

from sqlalchemy import select

from shop.core.db import db, transaction
from shop.orders.models import Order
from shop.payments.refunds import request_refund
from tests.builders import make_account, sign_in
from tests.drills.buyers import Answer, Browser, Crowd
from tests.drills.installation import Installation

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Officer(Browser):
    """An officer who has signed in."""

    def __init__(self, shop: Installation, crowd: Crowd) -> None:
        super().__init__(shop, crowd)
        with shop.inside():
            sign_in(self, make_account("staff"))

    def token_of(self, number: str) -> str:
        """What the forms of an order's page carry so that no other site can send them."""
        found = TOKEN.search(self.ask("GET", f"/staff/orders/{number}").body)
        assert found, number
        return found[1]

    def refund(self, number: str, token: str, lines: Iterable[int] = ()) -> Answer:
        """Click on the button that gives money back: of some lines, or all there is."""
        chosen = list(lines)
        form = {
            "csrf_token": token,
            "refund-extent": "lines" if chosen else "all",
            "refund-lines": chosen,
            "refund-reason": "buyer",
        }
        return self.ask("POST", f"/staff/orders/{number}/refund", form)


def ask_back(emails: list[str]) -> None:
    """Staff give the whole money of some orders back."""
    for order_id in db.session.scalars(select(Order.id).where(Order.email.in_(emails), Order.state == "paid")):
        with transaction():
            request_refund(order_id, line_ids=None, reason="buyer", actor=None)
