"""`python -m tests.bench.prepare FOLDER --orders N [--products N]`: an instance to measure, and what is true of it.

Prints one JSON object: addresses to ask for, what their answers must hold, statements each sends. A process of its own, so
that what it loads weighs on nothing that is measured.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from shop.accounts.models import Account
from shop.accounts.tokens import create_token
from shop.app import create_app
from shop.catalogue.facets import Filters
from shop.catalogue.product_page import get_product_page
from shop.catalogue.queries import list_products
from shop.core.config import from_environment
from shop.core.db import db, transaction
from shop.core.schema import upgrade
from shop.core.tables import Installation
from shop.demo.loading.load import load_demo
from shop.demo.run import environment
from shop.i18n import use_language
from shop.i18n.formats import money
from shop.reports.filters import parse_filters
from shop.reports.sales import artisan_sales
from shop.web.fonts import build_fonts
from tests.bench.client import ANEW

LANGUAGE, CURRENCY = "fr", "EUR"
FEW = 1_000


def make_instance(folder: Path, *, port: int, orders: int, products: int | None) -> Flask:
    """A demonstration with plain pictures: drawing them is not what is measured."""
    values = environment(folder, "127.0.0.1", port, 1)
    settings = from_environment({**os.environ, "SHOP_INSTANCE": str(folder), **values}, demo=True)
    build_fonts(folder / "fonts")
    app = create_app(settings)
    with app.app_context():
        upgrade()
        with transaction():
            db.session.merge(Installation(key="demo", value="1"))
        load_demo(
            orders=orders,
            products=products,
            seed=1,
            double_path=folder / "stripe.sqlite",
            progress=_say,
            drawn=False,
        )
    return app


def _say(step: str, done: int, total: int) -> None:
    if done == total:
        print(f"  {step}: {total}", file=sys.stderr)


def gather_facts() -> dict[str, Any]:
    """What the pages must show, from the same queries the doors use. Call inside an app context."""
    with use_language(LANGUAGE):
        listing = list_products(LANGUAGE, CURRENCY, Filters())
        card = next(card for card in listing.cards if card.minor is not None and card.stock == "available")
        piece = get_product_page(card.public_id, LANGUAGE, CURRENCY)
        offer = next(offer for offer in piece.offers if offer.minor is not None and offer.available)
        with transaction():
            officer = db.session.scalars(select(Account).where(Account.role == "staff").order_by(Account.id)).first()
            assert officer is not None
            key = create_token(officer.id, "bench")
        period = _period()
        totals = artisan_sales(parse_filters(period)).totals
        return {
            "key": key,
            "listing": {
                "path": f"/{LANGUAGE}/products?currency={CURRENCY}",
                "holds": [entry.public_id for entry in listing.cards]
                + [str(money(entry.minor, CURRENCY)) for entry in listing.cards if entry.minor is not None],
            },
            "product": {
                "path": f"/{LANGUAGE}/products/{piece.public_id}-{piece.slugs[LANGUAGE]}?currency={CURRENCY}",
                "holds": [piece.public_id, str(money(offer.minor or 0, CURRENCY))],
            },
            "search": {
                name: {"path": f"/{LANGUAGE}/products?q={q}&currency={CURRENCY}"} for name, q in _questions().items()
            },
            "cart": {"product": piece.public_id, "variant": str(offer.id), "quantity": str(piece.min_quantity)},
            "report": {
                "path": "/api/v1/reports/artisan-sales?" + "&".join(f"{n}={v}" for n, v in period.items()),
                "orders": totals.orders,
                "lines": totals.lines,
            },
        }


def _questions() -> dict[str, str]:
    """A word that at most a thousand pieces answer, the most of those, and one that more do, if there is any."""
    words = (
        "tapis",
        "argent",
        "cuir",
        "zellige",
        "vase",
        "plateau",
        "babouche",
        "coussin",
        "lanterne",
        "panier",
        "kilim",
    )
    counts = {word: list_products(LANGUAGE, CURRENCY, Filters(q=word)).total for word in words}
    few = {word: count for word, count in counts.items() if 0 < count <= FEW}
    many = {word: count for word, count in counts.items() if count > FEW}
    chosen = {"few": max(few, key=lambda word: few[word])}
    return {**chosen, "many": max(many, key=lambda word: many[word])} if many else chosen


def _period() -> dict[str, str]:
    from_year = time.gmtime().tm_year - 2
    return {"from": f"{from_year}-01-01", "to": f"{from_year + 2}-12-31", "basis": "booked"}


def count_statements(app: Flask, facts: dict[str, Any]) -> dict[str, int]:
    """SQL statements of one request of each kind, BEGIN and PRAGMA left out; asked once before, so that caches are warm."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    authorised = {"Authorization": f"Bearer {facts['key']}"}
    asks: dict[str, tuple[str, str, dict[str, Any]]] = {
        "listing": ("GET", facts["listing"]["path"] + ANEW, {}),
        "product": ("GET", facts["product"]["path"] + ANEW, {}),
        "kept": ("GET", facts["listing"]["path"], {}),
        **{name: ("GET", search["path"], {}) for name, search in facts["search"].items()},
        "cart": ("POST", f"/{LANGUAGE}/cart?currency={CURRENCY}", {"data": facts["cart"]}),
        "report": ("GET", facts["report"]["path"], {"headers": authorised}),
    }
    counted = {}
    for name, (method, path, options) in asks.items():
        for _turn in range(2):
            seen.clear()
            app.test_client().open(path, method=method, **options)
        counted[name] = len(seen)
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.prepare")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--products", type=int)
    given = parser.parse_args()
    app = make_instance(given.folder, port=given.port, orders=given.orders, products=given.products)
    with app.app_context():
        facts = gather_facts()
    facts["statements"] = count_statements(app, facts)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
