"""What staff do in a drill: at their desk over HTTP, or, where only the outcome matters, straight away."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from shop.core.db import db, transaction
from shop.orders.models import Order
from shop.payments.refunds import request_refund
from tests.builders import make_account, sign_in
from tests.drills.buyers import Answer, Browser, Crowd
from tests.drills.installation import Installation

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Officer(Browser):
    """An officer who has signed in; a `persistent` one tries again when the connection was lost."""

    def __init__(self, shop: Installation, crowd: Crowd, *, persistent: bool = False) -> None:
        super().__init__(shop, crowd, persistent=persistent)
        with shop.inside():
            sign_in(self, make_account("staff"))
        found = TOKEN.search(self.ask("GET", "/staff/orders").body)
        assert found, "the officer is not signed in"
        # What a form carries so that no other site can send it.
        self._token = found[1]

    def send(self, path: str, **form: Any) -> Answer:
        """Send a form of a staff page."""
        return self.ask("POST", f"/staff/{path}", {"csrf_token": self._token, **form})

    def refund(self, number: str, lines: Iterable[int] = (), *, euro: str = "", extent: str = "") -> Answer:
        """Click on the button that gives money back: of some lines, an amount such as "12.34", or all there is."""
        chosen = list(lines)
        what = extent or ("amount" if euro else "lines" if chosen else "all")
        form = {"extent": what, "lines": chosen, "amount": euro, "reason": "buyer"}
        return self.send(f"orders/{number}/refund", **{f"refund-{name}": value for name, value in form.items()})


def ask_back(emails: list[str]) -> None:
    """Staff give the whole money of some orders back."""
    for order_id in db.session.scalars(select(Order.id).where(Order.email.in_(emails), Order.state == "paid")):
        with transaction():
            request_refund(order_id, line_ids=None, reason="buyer", actor=None)
