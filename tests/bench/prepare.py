"""`python -m tests.bench.prepare FOLDER --orders N [--products N] [--keep FOLDER]`: an instance to measure, and what is
true of it.

Prints one JSON object: addresses to ask for, what their answers must hold, statements each sends. A process of its own, so
that what it loads weighs on nothing that is measured.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote_plus

from flask import Flask
from sqlalchemy import event, select

import shop.demo
from shop.accounts.models import Account
from shop.accounts.tokens import create_token
from shop.app import create_app
from shop.artisans.models import Unit
from shop.catalogue.facets import Filters
from shop.catalogue.models import Product
from shop.catalogue.product_page import get_product_page
from shop.catalogue.queries import PAGE_SIZE, list_crafts, list_products
from shop.catalogue.shown import shown
from shop.core import clock
from shop.core.config import from_environment
from shop.core.db import db, transaction
from shop.core.schema import head, upgrade
from shop.core.tables import Installation
from shop.demo.loading.load import load_demo
from shop.demo.run import environment
from shop.i18n import use_language
from shop.i18n.formats import money
from shop.reports.filters import parse_filters
from shop.reports.sales import artisan_sales
from shop.web.fonts import build_fonts
from tests.bench.multiply import multiply
from tests.bench.unkept import without_pages

LANGUAGE, CURRENCY = "fr", "EUR"
SEED = 1
FEW = 1_000
# How many pages are asked for in turn.
# Of pages asked for in turn: as many as a process keeps the parts of, and far more.
LISTINGS, PIECES, MANY = 40, 200, 1_000
STAMP = "made.json"


def open_instance(folder: Path, *, port: int, orders: int, products: int | None, keep: Path | None) -> Flask:
    """An instance in a folder that does not exist yet: a copy of the one that `keep` has, or one made now and kept there."""
    kept = keep / f"{products or 'content'}-{orders}" if keep else None
    stamp = _stamp(orders, products)
    if kept is not None and (kept / STAMP).exists() and (kept / STAMP).read_text(encoding="utf-8") == stamp:
        shutil.copytree(kept, folder)
        print(f"  copied from {kept}", file=sys.stderr)
        return _open_app(folder, port)
    app = make_instance(folder, port=port, orders=orders, products=products)
    if kept is not None:
        close(app)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        (kept / STAMP).write_text(stamp, encoding="utf-8")
    return app


def _stamp(orders: int, products: int | None) -> str:
    """What an instance rests on: its size, its day, the schema, and the code and content that make it."""
    made, root = hashlib.sha256(), Path(shop.demo.__file__).parent
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.toml"), *Path(__file__).parent.glob("[mp]*.py")]):
        made.update(path.read_bytes())
    day = clock.today().isoformat()
    return json.dumps({"orders": orders, "products": products, "day": day, "head": head(), "code": made.hexdigest()})


def make_instance(folder: Path, *, port: int, orders: int, products: int | None) -> Flask:
    """A demonstration with plain pictures: drawing them is not what is measured. Its products are multiplied directly."""
    app = _open_app(folder, port)
    build_fonts(folder / "fonts")
    with app.app_context():
        upgrade()
        with transaction():
            db.session.merge(Installation(key="demo", value="1"))
        double = folder / "stripe.sqlite"
        load_demo(orders=orders, products=None, seed=SEED, double_path=double, progress=_say, drawn=False)
        if products is not None:
            begun = time.monotonic()
            multiply(products, seed=SEED, progress=_say)
            print(f"  multiplied in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return app


def _open_app(folder: Path, port: int) -> Flask:
    values = environment(folder, "127.0.0.1", port, 1)
    return create_app(from_environment({**os.environ, "SHOP_INSTANCE": str(folder), **values}, demo=True))


def close(app: Flask) -> None:
    """Give back the connections, so that what they wrote is in the file."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


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
            "turns": {"listing": _listings(), "product": _pieces(PIECES), "many": _pieces(MANY)},
            "search": {
                name: {"path": f"/{LANGUAGE}/products?q={quote_plus(q)}&currency={CURRENCY}"}
                for name, q in _questions().items()
            },
            "cart": {"product": piece.public_id, "variant": str(offer.id), "quantity": str(piece.min_quantity)},
            "report": {
                "path": "/api/v1/reports/artisan-sales?" + "&".join(f"{n}={v}" for n, v in period.items()),
                "orders": totals.orders,
                "lines": totals.lines,
            },
        }


def _listings() -> list[dict[str, Any]]:
    """Full pages: the first of every craft and family, and further pages of the whole catalogue, spread over all of it."""
    found = [
        _listing(f"/{LANGUAGE}/crafts/{craft.code}-{craft.slugs[LANGUAGE]}", Filters(craft=(craft.code,)))
        for craft in list_crafts(LANGUAGE)
    ]
    families = list_products(LANGUAGE, CURRENCY, Filters()).facets["family"]
    found += [
        _listing(f"/{LANGUAGE}/products?family={family.value}", Filters(family=(family.value,))) for family in families
    ]
    pages = list_products(LANGUAGE, CURRENCY, Filters()).pages
    wanted = LISTINGS - len(found)
    numbers = range(2, pages, max(1, pages // wanted))[:wanted]
    found += [_listing(f"/{LANGUAGE}/products?page={number}", Filters(), number) for number in numbers]
    return [one for one in found if len(one["holds"]) == PAGE_SIZE]


def _listing(path: str, filters: Filters, page: int = 1) -> dict[str, Any]:
    cards = list_products(LANGUAGE, CURRENCY, filters, page).cards
    return {"path": _with_currency(path), "holds": [card.public_id for card in cards]}


def _pieces(most: int) -> list[dict[str, Any]]:
    """Product pages from all over the catalogue."""
    on_sale = select(Product.public_id).join(Unit, Product.unit_id == Unit.id).where(shown())
    ids = db.session.scalars(on_sale.order_by(Product.id)).all()
    pages = [
        get_product_page(public_id, LANGUAGE, CURRENCY) for public_id in Random(SEED).sample(ids, min(most, len(ids)))
    ]
    return [
        {
            "path": _with_currency(f"/{LANGUAGE}/products/{page.public_id}-{page.slugs[LANGUAGE]}"),
            "holds": [page.public_id],
        }
        for page in pages
    ]


def _with_currency(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}currency={CURRENCY}"


def _questions() -> dict[str, str]:
    """What at most a thousand pieces answer, the most of those, and one that more do, if there is any: words, and in a very
    large catalogue, where every word has more, a word and a number."""
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
    if not few:
        few = {f"{word} 12": list_products(LANGUAGE, CURRENCY, Filters(q=f"{word} 12")).total for word in words}
    chosen = {"few": max(few, key=lambda word: few[word])}
    return {**chosen, "many": max(many, key=lambda word: many[word])} if many else chosen


def _period() -> dict[str, str]:
    from_year = time.gmtime().tm_year - 2
    return {"from": f"{from_year}-01-01", "to": f"{from_year + 2}-12-31", "basis": "booked"}


def count_statements(app: Flask, facts: dict[str, Any]) -> dict[str, int]:
    """SQL statements of one request of each kind, BEGIN and PRAGMA left out; asked once before, so that caches are warm."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # What a process asks once a second is of no request.
        looks = "public_state.recent" in statement
        if not looks and not statement.upper().startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    authorised = {"Authorization": f"Bearer {facts['key']}"}
    asks: dict[str, tuple[str, str, dict[str, Any]]] = {
        "kept": ("GET", facts["listing"]["path"], {}),
        "listing": ("GET", facts["listing"]["path"], {}),
        "product": ("GET", facts["product"]["path"], {}),
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
        if name == "kept":
            # From here on every page is made anew.
            without_pages(app)
    for name, pages in facts["turns"].items():
        # The most that any of them sends when it is asked for the first time.
        most = 0
        for page in pages:
            seen.clear()
            app.test_client().open(page["path"])
            most = max(most, len(seen))
        counted[f"{name} in turn"] = most
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.prepare")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--products", type=int)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    app = open_instance(given.folder, port=given.port, orders=given.orders, products=given.products, keep=given.keep)
    with app.app_context():
        facts = gather_facts()
    facts["statements"] = count_statements(app, facts)
    close(app)
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
