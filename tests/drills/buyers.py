"""Buyers: what a browser sends and gets, without one. What comes back is kept, so that a drill can count it."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from tests.drills.installation import Installation
from tests.drills.shelves import Goods

TIMEOUT = 30
GOOD_CARD = "4242424242424242"
TRIES = LOOKS = 60
LOOK_PAUSE = 0.2
REVIEW = "/fr/checkout/review"
AGREED = re.compile(r'name="agreed" value="([^"]+)"')
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """Status 0: the connection ended without an answer."""

    path: str
    status: int
    location: str
    body: str = field(repr=False)
    seconds: float

    @property
    def asks_to_wait(self) -> bool:
        """The page that waits for Stripe's and looks again by itself."""
        return self.status == 503 and 'http-equiv="refresh"' in self.body


@dataclass
class Crowd:
    """All answers that buyers got of the shop."""

    answers: list[Answer] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: Answer) -> None:
        with self.lock:
            self.answers.append(answer)

    def errors(self) -> list[Answer]:
        """Answers of 500 and more, or none at all; being asked to wait for the payment page is no error."""
        bad = [answer for answer in self.answers if answer.status >= 500 or answer.status == 0]
        return [answer for answer in bad if not answer.asks_to_wait]

    def count_waits(self) -> int:
        """How often the shop asked somebody to wait for the payment page."""
        return sum(answer.asks_to_wait for answer in self.answers)

    def p95_ms(self) -> int:
        """The time within which 95 of 100 answers came, in milliseconds."""
        ordered = sorted(answer.seconds for answer in self.answers)
        return round(ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)] * 1000) if ordered else 0


class Browser:
    """Sends what a browser sends, keeps its cookies, and notes what came back in the crowd.

    A `persistent` one tries again when the connection was lost.
    """

    def __init__(self, shop: Installation, crowd: Crowd, *, persistent: bool = False) -> None:
        self.shop, self.crowd = shop, crowd
        self._tries = TRIES if persistent else 1
        self._cookies: dict[str, str] = {}

    def set_cookie(self, name: str, value: str) -> None:
        self._cookies[name] = value

    def ask(self, method: str, url: str, form: dict[str, Any] | None = None) -> Answer:
        """A request to an address of the shop or of the double."""
        for _turn in range(self._tries):
            answer = self._ask_once(method, url, form)
            if answer.status != 0:
                break
            time.sleep(LOOK_PAUSE)
        return answer

    def _ask_once(self, method: str, url: str, form: dict[str, Any] | None) -> Answer:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        of_shop = parts.port in (None, self.shop.port)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())} if of_shop else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or self.shop.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, urlencode(form, doseq=True) if form is not None else None, headers)
            response = connection.getresponse()
            body = response.read().decode("utf-8", "replace")
            status, location = response.status, response.headers.get("Location", "")
            for cookie in response.headers.get_all("Set-Cookie") or []:
                name, _sign, value = cookie.partition(";")[0].partition("=")
                self.set_cookie(name, value)
        except (OSError, http.client.HTTPException):
            status, location, body = 0, "", ""
        finally:
            connection.close()
        answer = Answer(path, status, location, body, time.monotonic() - begun)
        if of_shop:
            self.crowd.note(answer)
        return answer


class Buyer(Browser):
    """One visitor with a cart of their own; `email` is how the drill finds their order again."""

    def __init__(self, shop: Installation, crowd: Crowd, email: str, *, persistent: bool = False) -> None:
        super().__init__(shop, crowd, persistent=persistent)
        self.email = email

    def look(self, goods: Goods) -> Answer:
        """The page of a piece."""
        return self.ask("GET", f"/fr/products/{goods.product}")

    def take(self, goods: Goods, quantity: int = 1, currency: str = "EUR") -> Answer:
        """Put a piece into the cart."""
        form = {"product": goods.product, "variant": goods.variant, "quantity": quantity}
        return self.ask("POST", f"/fr/cart?currency={currency}", form)

    def check_out(self) -> Answer:
        """The steps of checkout; the answer leads to Stripe's page when all is well."""
        page = self.ask("GET", "/fr/checkout?country=FR")
        if page.status != 200:
            return page
        form = {
            "country": "FR",
            "email": self.email,
            "name": "Claire Martin",
            "street_address": "12 rue de la République",
            "city": "Lyon",
            "postal_code": "69001",
            "phone": "+33612345678",
        }
        answered = self.ask("POST", "/fr/checkout", form)
        if answered.location != REVIEW:
            return answered
        page = self.ask("GET", REVIEW)
        agreed = AGREED.search(page.body)
        return self.ask("POST", REVIEW, {"agreed": agreed[1]}) if agreed else page

    def wait_for_page(self, answer: Answer) -> Answer:
        """Where the shop lets people wait for the payment page, ask again as its page does by itself, only sooner."""
        while "/pay?" in answer.location and answer.status == 303:
            address = answer.location
            for _look in range(LOOKS):
                answer = self.ask("GET", address)
                if answer.status == 303:
                    break
                time.sleep(LOOK_PAUSE)
        return answer

    def pay(self, page: str, card: str = GOOD_CARD) -> Answer:
        """Pay on Stripe's page; the answer leads back to the shop."""
        return self.ask("POST", page, {"test_card": card, "name": "Claire Martin", "country": "FR"})

    def order(self, *goods: Goods, quantity: int = 1, currency: str = "EUR") -> Answer:
        """From the pieces to the payment page; the answer leads there, or is what stood in the way."""
        for piece in goods:
            taken = self.take(piece, quantity, currency)
            if taken.status != 303:
                return taken
        return self.wait_for_page(self.check_out())

    def buy(
        self,
        *goods: Goods,
        quantity: int = 1,
        currency: str = "EUR",
        card: str = GOOD_CARD,
        returns: bool = True,
    ) -> str:
        """All the way, back to the shop's page after paying unless the buyer never `returns` there.

        "paid", or where and how it ended.
        """
        page = self.order(*goods, quantity=quantity, currency=currency)
        if not at_stripe(page.location):
            return f"{page.status} {page.path}"
        paid = self.pay(page.location, card)
        if paid.status != 303:
            return f"{paid.status} at Stripe"
        if returns:
            self.ask("GET", paid.location)
        return "paid"


def at_stripe(location: str) -> bool:
    """Whether an address is that of a payment page."""
    return "/c/pay/" in location


def all_at_once(acts: Iterable[Callable[[], T]], hands: int = 16) -> list[T]:
    """Do several things at the same time, at most so many at once; their answers in order."""
    with ThreadPoolExecutor(max_workers=hands) as pool:
        return [task.result() for task in [pool.submit(act) for act in acts]]
