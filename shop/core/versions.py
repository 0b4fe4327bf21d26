"""The versions of everything public: one number that grows with every commit that could change a public page, and beside
it what the newest of these commits changed.

A kept page carries the number it was made under and the names of what it shows; it is thrown away when one of them
changes. Number and names stand in one row, written as the last statement of the change itself: whoever changes waits
there for whoever changed before, so that numbers are given in the order of the commits, and a page can never be newer
than its number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, column, event, func, insert, or_, select, table, update
from sqlalchemy.orm import Session, SessionTransaction

from shop.core.db import db, newest
from shop.core.tables import PublicState

# Whatever has no name of its own: programmes, crafts, postage, duties, policies. Every page shows it.
HOUSE = "house"
# Which pieces there are, in which order, and what can be asked of them.
LIST = "list"
# Tables whose rows stand on public pages. Stock and imports, which bypass the session's objects, call `touch`.
# A membership is of all: with that of an aggregator those it carries begin and cease to sell.
OF_ALL = frozenset(
    [
        "craft",
        "edition",
        "family",
        "levy",
        "material",
        "membership",
        "policy",
        "programme",
        "rate",
        "suspension",
        "zone",
        "zone_rate",
    ]
)
OF_PIECES = frozenset(["price", "product", "product_picture", "variant"])
OF_UNITS = frozenset(["person", "unit"])
# More names than this in one commit, and it counts as a change of everything.
MOST_NAMES = 100
# Of the row that tells the newest changes: some hundred of them, more than happen between two looks.
TOLD_CHARACTERS = 8_000

_variants = table("variant", column("id"), column("product_id"))
_products = table("product", column("id"), column("unit_id"))


def of_piece(product_id: int) -> str:
    """The name of a piece."""
    return f"p{product_id}"


def of_unit(unit_id: int) -> str:
    """The name of a unit and of all that it shows."""
    return f"u{unit_id}"


def touch(*names: str) -> None:
    """Say that this transaction changes what public pages show: something named, or all of them."""
    db.session().info.setdefault("public_changed", set()).update(names or (HOUSE,))


@event.listens_for(Session, "after_flush")
def _look(session: Session, context: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        kind = getattr(row, "__tablename__", "")
        if kind in OF_ALL:
            touch(HOUSE)
        elif kind in OF_PIECES:
            _look_at_piece(session, row, kind)
        elif kind in OF_UNITS:
            touch(LIST, of_unit(row.id if kind == "unit" else row.unit_id))
        elif kind == "text_row":
            _look_at_text(session, row)
        elif kind == "picture" and row not in session.new:
            # A new one hangs nowhere yet.
            touch(HOUSE)


def _look_at_piece(session: Session, row: Any, kind: str) -> None:
    touch(LIST)
    if kind == "product":
        touch(of_piece(row.id), of_unit(row.unit_id))
    elif kind == "price":
        session.info.setdefault("public_variants", set()).add(row.variant_id)
    else:
        session.info.setdefault("public_products", set()).add(row.product_id)


def _look_at_text(session: Session, row: Any) -> None:
    if row.entity == "product":
        touch(LIST)
        session.info.setdefault("public_products", set()).add(row.entity_id)
    elif row.entity == "unit":
        touch(LIST, of_unit(row.entity_id))
    else:
        touch(HOUSE)


@event.listens_for(Session, "before_commit")
def _grow(session: Session) -> None:
    if session.in_nested_transaction():
        # A savepoint is no end: the row would be held from here on.
        return
    if session.new or session.dirty or session.deleted:
        session.flush()
    names: set[str] = session.info.pop("public_changed", set())
    names |= _name_pieces(session, session.info.pop("public_products", ()), session.info.pop("public_variants", ()))
    if not names:
        return
    if HOUSE in names or len(names) > MOST_NAMES:
        names = {HOUSE}
    session.info["public_grown"] = True
    number, listed = PublicState.number + 1, ",".join(sorted(names))
    told = cast(number, String) + f":{listed};" + PublicState.recent
    lasting = {"lasting": number} if names & {HOUSE, LIST} else {}
    grown = session.execute(
        update(PublicState).values(number=number, recent=func.substr(told, 1, TOLD_CHARACTERS), **lasting),
        execution_options={"synchronize_session": False},
    )
    if not grown.rowcount:  # type: ignore[attr-defined]
        session.execute(insert(PublicState).values(id=1, number=1, lasting=1, recent=f"1:{listed};"))


def _name_pieces(session: Session, products: Iterable[int], variants: Iterable[int]) -> set[str]:
    """Names of the pieces that changed by a part of theirs, and of their makers."""
    if not products and not variants:
        return set()
    of_variants = select(_variants.c.product_id).where(_variants.c.id.in_(variants))
    rows = session.execute(
        select(_products.c.id, _products.c.unit_id).where(
            or_(_products.c.id.in_(products), _products.c.id.in_(of_variants))
        )
    )
    return {name for id_, unit_id in rows for name in (of_piece(id_), of_unit(unit_id))}


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.nested:
        # What was said before the savepoint still holds.
        return
    for kept in ("public_changed", "public_products", "public_variants", "public_grown"):
        session.info.pop(kept, None)


def is_changing(session: Session) -> bool:
    """Whether this transaction has changed something public that nobody else sees yet."""
    return any(session.info.get(kept) for kept in ("public_changed", "public_products", "public_variants"))


@dataclass(frozen=True, slots=True)
class Changes:
    """The number now, and the newest changes before it as (number, names), the newest first; there may be older ones."""

    number: int
    recent: tuple[tuple[int, frozenset[str]], ...]


def read_changes() -> Changes:
    """What has changed lately, whatever the transaction that is open has seen."""
    with newest() as connection:
        row = connection.execute(select(PublicState.number, PublicState.recent)).first()
    # What stands last is cut off somewhere.
    told = row.recent.split(";")[:-1] if row else []
    changes = (change.split(":") for change in told)
    return Changes(
        row.number if row else 0, tuple((int(number), frozenset(names.split(","))) for number, names in changes)
    )


def public_version() -> int:
    """The number of the newest change; 0 before anything was public."""
    return read_changes().number


def lasting_version() -> int:
    """The number of the newest change other than of stock; 0 before anything was public."""
    with newest() as connection:
        return connection.scalar(select(PublicState.lasting)) or 0
