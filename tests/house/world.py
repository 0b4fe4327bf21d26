"""A small world in which every route has something to be asked about, and five people who ask."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from shop.accounts.models import Account
from shop.app import create_app
from shop.artisans.models import Unit
from shop.catalogue.addresses import iterate_products, list_craft_addresses, list_maker_addresses
from shop.catalogue.models import Product, ProductPicture, Variant
from shop.catalogue.services import create_draft
from shop.core import clock
from shop.core.clock import VirtualClock
from shop.core.db import db, transaction
from shop.core.ids import public_id
from shop.core.policies import decide_policy
from shop.fulfilment.queries import list_parcels
from shop.fulfilment.services import accept_line
from shop.invoicing.queries import list_documents
from shop.media.models import Picture
from shop.notifications.models import Attachment, Letter
from shop.orders.cart import add_to_cart
from shop.orders.links import order_token
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.payments.gateway import CONNECTION_ERROR, Gateway, use_gateway
from shop.payments.quarantine import put_aside
from shop.payments.queries import list_quarantine
from shop.payments.returns import withdraw
from shop.payouts.bank_details import record_consent
from shop.payouts.queries import list_transfers
from shop.payouts.services import record_executed
from shop.programme.models import Edition, Membership
from shop.programme.recipients import add_recipient
from shop.shipping.freight import Question, ask_freight
from shop.shipping.suspensions import Notice, suspend
from tests.builders import make_account, make_order, make_product, make_unit, sign_in
from tests.conftest import make_settings
from tests.payouts.conftest import approve, decide_paying_account, draft, owe, send
from tests.stripe_bench import Bench, make_bench

ROLES = ("nobody", "buyer", "artisan", "neighbour", "staff")
# Rows that come and go with being signed in at all, or with having knocked.
PASSING = {"web_session", "attempted"}


@dataclass
class World:
    """The app, the cookie of each role, the values that fill addresses, and what is nobody else's."""

    app: Flask
    folder: Path
    cookies: dict[str, tuple[str, str]]
    values: dict[str, str]
    csrf_token: str
    secrets: tuple[str, ...]

    def browser(self, role: str) -> FlaskClient:
        """A new one each time, so that signing out ends nothing but itself."""
        client = self.app.test_client()
        if role in self.cookies:
            client.set_cookie(*self.cookies[role])
        return client

    def remember(self) -> None:
        self._close()
        shutil.copy(self.folder / "shop.sqlite", self.folder / "snapshot.sqlite")

    def restore(self) -> None:
        """As it was in the beginning."""
        self._close()
        for left in self.folder.glob("shop.sqlite-*"):
            left.unlink()
        shutil.copy(self.folder / "snapshot.sqlite", self.folder / "shop.sqlite")

    def _close(self) -> None:
        with self.app.app_context():
            if db.engine.dialect.name == "sqlite":
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("ROLLBACK")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.session.remove()
            db.engine.dispose()

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is stored, as the database holds it, but for sessions and counted tries."""
        with self.app.app_context(), db.engine.connect() as connection:
            read = connection.connection.cursor().execute
            return {name: read(f'SELECT * FROM "{name}"').fetchall() for name in db.metadata.tables.keys() - PASSING}

    def fill(self, text: str, role: str) -> str:
        """A path or a value with the world's ids; only the buyer holds the order's signed link."""
        links = {name: self.values[f"t_{name}"] if role == "buyer" else "" for name in ("link", "waiting_link")}
        return text.format_map({**self.values, **links})

    def token(self, role: str) -> dict[str, str]:
        return {"csrf_token": self.csrf_token} if role in ("artisan", "neighbour", "staff") else {}


@contextmanager
def build_world(folder: Path, template: Path, virtual: VirtualClock) -> Iterator[World]:
    """Two workshops, a buyer who ordered from both, an officer; on SQLite, with Stripe's double behind."""
    shutil.copy(template, folder / "shop.sqlite")
    (folder / "media").mkdir()
    app = create_app(make_settings(folder, f"sqlite:///{folder / 'shop.sqlite'}", demo=True))
    with app.app_context():
        bench = make_bench(app, virtual)
    gateway: Any = Gateway(bench.settings, http_client=bench.client(CONNECTION_ERROR))
    with use_gateway(gateway):
        with app.app_context():
            world = _people(app, folder, _things(app, bench))
        world.remember()
        yield world
        world._close()


def _picture_of(product: Product) -> str:
    statement = select(Picture.public_id).join(ProductPicture, ProductPicture.picture_id == Picture.id)
    return db.session.scalars(statement.where(ProductPicture.product_id == product.id)).one()


def _product_of(variant: Variant) -> Product:
    return db.session.get_one(Product, variant.product_id)


def _things(app: Flask, bench: Bench) -> dict[str, Any]:
    unit = make_unit(rib="011519000001205000534921")
    other = make_unit(
        name_fr="Atelier voisin", name_en="The shop next door", rib="001810007800020110620221", payee="Hassan Ouali"
    )
    with transaction():
        decide_policy("freight_bearer", "maker", clock.today())
    titles = {"ar": "سر الجارة", "fr": "Secret de fabrique", "en": "Secret of the house"}
    piece, beside = make_product(unit, stock=9, kind="repeatable"), make_product(other, stock=9, kind="repeatable")
    draft = make_product(unit, state="draft", titles=titles, published_at=None)
    review = make_product(unit, state="review", titles=titles, published_at=None)
    with transaction():
        own_draft = create_draft(other.id, actor=None, public_id_=public_id(), source_language="fr")
    artisan, neighbour = make_account("artisan", unit), make_account("artisan", other)
    staff = make_account("staff", language="en")
    paid, sendable = make_order(piece, beside), make_order(piece)
    for order in (paid, sendable):
        bench.settle(order)
    waiting = make_order(piece)
    send(paid, other)
    with transaction():
        [way_back] = withdraw(paid.id, [list_lines(paid.id)[1].id])
    with transaction():
        accept_line(list_lines(sendable.id)[0].id, unit_id=unit.id, actor=artisan.id)
        cart = add_to_cart(None, piece.id, 1, "EUR")
        edition = db.session.scalars(select(Edition).where(Edition.code == "excellence-2026")).one()
        put_aside("event", "evt_x", {"type": "charge.succeeded"})
        recipient = add_recipient(
            edition.programme_id, name="Direction", email="direction@example.org", language="fr", actor=staff.id
        )
        question = Question(piece.id, 1, "FR", "EUR", "fr", "Claire", "claire@example.org", "")
        asked = ask_freight(question, ["FR"])
        suspension = suspend(Notice("US", "Poste Maroc", clock.today(), None, "letter"), actor=None)
    return {
        "asked": asked, "suspension": suspension,
        "unit": unit, "other": other, "piece": piece, "beside": beside, "draft": draft, "review": review,
        "own_draft": own_draft, "accounts": {"artisan": artisan, "neighbour": neighbour, "staff": staff},
        "aside": list_quarantine()[0], "way_back": way_back, "paid": paid, "sendable": sendable, "waiting": waiting, "cart": cart.token, "recipient": recipient,
        **_payouts(unit, other, staff),
    }  # fmt: skip


def _payouts(unit: Unit, other: Unit, staff: Account) -> dict[str, Any]:
    """A batch with a transfer that was sent and one the bank has not answered, and a draft for the officer to approve."""
    drafter = make_account("staff", language="en")
    decide_paying_account()
    with transaction():
        consent = record_consent(
            other.id, given_by="Fatima", given_on=clock.today(), document="Procuration", actor=staff.id
        )
    for each in (unit, other):
        owe(each, 5000)
    batch = approve(draft(drafter), staff)
    sent, unanswered = list_transfers(batch.id)
    with transaction():
        record_executed(
            sent.public_id,
            on=clock.today(),
            rate_millionths=10_700_000,
            mad_minor=None,
            reference="VIR 17",
            actor=staff.id,
        )
    owe(unit, 700)
    return {
        "batch": batch, "transfer": sent, "unanswered": unanswered, "draft_batch": draft(drafter), "consent": consent
    }  # fmt: skip


def _people(app: Flask, folder: Path, things: dict[str, Any]) -> World:
    cookies = {"buyer": ("cart", things["cart"])}
    for role, account in things["accounts"].items():
        client = app.test_client()
        sign_in(client, account)
        cookie = client.get_cookie("session")
        assert cookie is not None
        cookies[role] = ("session", cookie.value)
    key = str(app.secret_key)
    csrf = str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps("0" * 40))
    values = _values(things, key)
    return World(app, folder, cookies, values, csrf, (values["draft"], values["sendable"], "Secret de fabrique"))


def _values(things: dict[str, Any], key: str) -> dict[str, str]:
    unit: Unit = things["unit"]
    paid: Order = things["paid"]
    line, beside_line = list_lines(paid.id)
    with transaction():
        letter = db.session.scalars(select(Letter).order_by(Letter.id).limit(1)).one()
        attachment = Attachment(letter_id=letter.id, name="note.txt", media_type="text/plain", content=b"note")
        db.session.add(attachment)
    product_ids = {name: _product_of(things[name]).public_id for name in ("piece", "beside", "draft", "review")}
    membership = db.session.scalars(select(Membership.id).where(Membership.unit_id == unit.id)).one()
    return {
        **product_ids,
        **_references(),
        "variant": str(things["piece"].id),
        "sku": things["piece"].sku,
        "own_draft": things["own_draft"].public_id,
        "picture": _picture_of(_product_of(things["draft"])),
        "unit": unit.public_id,
        "unit_id": str(unit.id),
        "number": paid.number,
        "position": str(line.position),
        "beside_position": str(beside_line.position),
        "line": str(line.id),
        "sendable": things["sendable"].number,
        "sendable_line": str(list_lines(things["sendable"].id)[0].id),
        "waiting": things["waiting"].number,
        "membership": str(membership),
        "recipient": str(things["recipient"].id),
        "aside": str(things["aside"].id),
        **{name: things[name].public_id for name in ("batch", "draft_batch", "transfer", "unanswered")},
        "asked": things["asked"].public_id,
        "suspension": str(things["suspension"].id),
        "parcel": list_parcels(paid.id)[0][0].public_id,
        "way_back": things["way_back"].public_id,
        "consent": str(things["consent"].id),
        "other": things["other"].public_id,
        "beside_line": str(beside_line.id),
        "letter": letter.public_id,
        "attachment": str(attachment.id),
        "invoice": list_documents(paid.id)[0].number,
        "other_invoice": list_documents(things["sendable"].id)[0].number,
        "new_id": public_id(),
        "t_link": f"?t={order_token(paid.number, key)}",
        "t_waiting_link": f"?t={order_token(things['waiting'].number, key)}",
        "token": order_token(paid.number, key),
    }


def _references() -> dict[str, str]:
    """The first public address of each kind, as `piece_page`, `artisan_page`, `craft_page`."""
    first = {
        "piece": next(iterate_products(1)),
        "artisan": list_maker_addresses()[0],
        "craft": list_craft_addresses()[0],
    }
    return {f"{name}_page": f"{thing.public_id}-{thing.slugs['fr']}" for name, thing in first.items()}
