"""What the gateway sends and reads, held to the specification it is pinned to and to the newer SDK that sends it."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shop.demo.double.inprocess import InProcessClient, pay
from shop.payments import gateway as gateway_module
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from shop.payments.queries import list_attempts
from tests.builders import make_order, make_product, make_unit
from tests.demo.double import sdk, spec
from tests.stripe_bench import Bench

SINCE = timedelta(hours=1)


class Recording(InProcessClient):
    """Keeps method, path and parameters of every request as the SDK has written them."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sent: list[tuple[str, str, str]] = []

    def request(self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None) -> Any:
        parts = urlsplit(url)
        self.sent.append((method.upper(), parts.path, post_data or parts.query))
        return super().request(method, url, headers, post_data)


class Watched(dict[str, Any]):
    """An object of Stripe's that notes which of its fields were read."""

    def __init__(self, content: dict[str, Any], seen: set[tuple[str, str]]) -> None:
        super().__init__(content)
        self.seen = seen

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return watched(super().__getitem__(name), self.seen)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return watched(super().get(name, default), self.seen)

    def _note(self, name: str) -> None:
        self.seen.add((super().__getitem__("object"), name))


def watched(value: Any, seen: set[tuple[str, str]]) -> Any:
    if isinstance(value, dict):
        return (
            Watched(value, seen)
            if isinstance(value.get("object"), str)
            else {k: watched(v, seen) for k, v in value.items()}
        )
    return value


class Sale:
    """A paid order, an open one, one whose payment is disputed, and the gateway."""

    def __init__(self, stripe: Bench, gateway: Gateway) -> None:
        self.gateway, self.since = gateway, stripe.clock() - SINCE
        self.orders = [make_order(make_product(make_unit())) for _ in range(3)]
        self.paid, self.open, disputed = map(stripe.open, self.orders)
        pay(stripe.double, self.paid)
        pay(stripe.double, disputed, "4000000000000259")
        self.intent = str(gateway.fetch_session(self.paid).payment_intent)
        self.refund = gateway.refund(self.intent, 1000, "key-of-the-shop")
        self.charge = str(gateway.fetch_session(self.paid).charge)
        self.dispute = next(
            event.object["id"] for event, _ in gateway.list_events(self.since) if event.type == "charge.dispute.created"
        )
        stripe.clock.advance(days=9)
        stripe.payout()
        self.until = stripe.clock() + SINCE
        self.payout = next(iter(gateway.list_payouts(self.since, self.until))).id


USES: dict[str, Callable[[Sale], object]] = {
    "open_checkout": lambda sale: sale.open,
    "fetch_session": lambda sale: sale.gateway.fetch_session(sale.paid),
    "find_session": lambda sale: sale.gateway.find_session(list_attempts(sale.orders[0].id)[0].key, sale.since),
    "expire_session": lambda sale: sale.gateway.expire_session(sale.open, "another-key") or True,
    "refund": lambda sale: sale.refund,
    "fetch_refund": lambda sale: sale.gateway.fetch_refund(sale.refund.id),
    "find_refund": lambda sale: sale.gateway.find_refund(sale.intent, "key-of-the-shop"),
    "list_refunds": lambda sale: sale.gateway.list_refunds(sale.intent),
    "fetch_dispute": lambda sale: sale.gateway.fetch_dispute(sale.dispute),
    "list_balance_transactions": lambda sale: list(sale.gateway.list_balance_transactions(sale.since)),
    "list_events": lambda sale: sale.gateway.list_events(sale.since),
    "list_sessions": lambda sale: sale.gateway.list_sessions(sale.since),
    "find_session_of": lambda sale: sale.gateway.find_session_of(sale.intent),
    "fetch_sale": lambda sale: sale.gateway.fetch_sale(sale.paid),
    "fetch_charge": lambda sale: sale.gateway.fetch_charge(sale.charge),
    "list_disputes": lambda sale: list(sale.gateway.list_disputes(sale.since, sale.until)),
    "list_movements_of": lambda sale: sale.gateway.list_movements_of(sale.charge),
    "list_payouts": lambda sale: list(sale.gateway.list_payouts(sale.since, sale.until)),
    "list_movements_in": lambda sale: list(sale.gateway.list_movements_in(sale.payout)),
    "fetch_balance": lambda sale: sale.gateway.fetch_balance(),
}
# The first sends nothing, and reads what `list_events` reads; the second sends what that sends, and reads no body.
SILENT = {"read_webhook", "ask_time"}


def test_every_verb_of_the_gateway_is_examined_here() -> None:
    """A new verb is used above, so that what it sends and reads is compared too."""
    assert USES.keys() | SILENT == {name for name in vars(Gateway) if not name.startswith("_")}


@pytest.fixture
def recording(stripe: Bench) -> Iterator[Recording]:
    client = Recording(stripe.double, CONNECTION_ERROR)
    gateway: Any = Gateway(stripe.settings, http_client=client)
    with use_gateway(gateway):
        sale = Sale(stripe, gateway)
        for name, use in USES.items():
            assert use(sale), name
        yield client


def named(form: str) -> Iterator[tuple[str, str]]:
    """The parameters of a request with dots, without list positions and without keys of our own choice."""
    for name, value in parse_qsl(form):
        dotted = ".".join(part for part in re.findall(r"[^\[\]]+", name) if not part.isdecimal())
        yield re.sub(r"\bmetadata\..*", "metadata", dotted), value


def unknown(method: str, path: str, form: str) -> list[str]:
    """What of a request a witness does not know: names, and words where the words are listed."""
    template = re.sub(r"/(?:ch|cs|du|pi|po|re|txn)_\w+", "/{}", path)
    wrong = []
    for witness, known in (("spec", spec.parameters(method, path)), ("sdk", sdk.parameters(method, template))):
        assert known is not None, f"the SDK has no {method} {template}"
        for name, value in named(form):
            if name not in known or (known[name] and value not in known[name]):
                wrong.append(f"{witness}: {name}={value}")
    return wrong


def test_what_the_gateway_sends_is_known_to_the_specification_and_to_the_newer_sdk(recording: Recording) -> None:
    """So that on the day the pinned version is moved nothing that is sent has to be."""
    assert [wrong for request in recording.sent for wrong in unknown(*request)] == []
    assert {method for method, _path, _form in recording.sent} == {"GET", "POST"}


@pytest.mark.parametrize(
    ("form", "witnesses"),
    [
        ("payment_method_types[0]=card", ["sdk: payment_method_types=card"]),
        ("allowed_payment_method_types[0]=card", ["spec: allowed_payment_method_types=card"]),
        ("mode=barter", ["spec: mode=barter", "sdk: mode=barter"]),
        ("metadata[of]=ours&line_items[0][price_data][product_data][metadata][sku]=A", []),
    ],
)
def test_each_witness_notices_what_it_does_not_know(form: str, witnesses: list[str]) -> None:
    assert unknown("POST", "/v1/checkout/sessions", form) == witnesses


def test_every_field_the_gateway_reads_is_in_the_specification(stripe: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[str, str]] = set()
    plain = gateway_module._plain
    monkeypatch.setattr(gateway_module, "_plain", lambda value: watched(plain(value), seen))
    for name, reader in inspect.getmembers(gateway_module, inspect.isfunction):
        if list(inspect.signature(reader).parameters) == ["plain"]:
            monkeypatch.setattr(gateway_module, name, lambda plain, read=reader: read(watched(plain, seen)))
    gateway: Any = Gateway(stripe.settings, http_client=stripe.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        sale = Sale(stripe, gateway)
        assert all(use(sale) for use in USES.values())
    components = spec.document()["components"]["schemas"]
    unpublished = {(kind, name) for kind, name in seen if name not in components[kind]["properties"]}
    assert unpublished == set()
    read = {kind for kind, _name in seen}
    assert read >= {"checkout.session", "payment_intent", "refund", "dispute", "balance_transaction", "event"}
