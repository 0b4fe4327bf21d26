"""The words a search finds products by, for one product or many, in few statements."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import delete, insert, select

from shop.artisans.models import Person, Unit
from shop.catalogue.colours import colours_of
from shop.catalogue.importing.current import chunks
from shop.catalogue.models import Craft, Family, Material, Product, SearchRow, SearchWord, Variant
from shop.core.db import db, insert_all_new
from shop.i18n.fold import stem, tokens, words
from shop.i18n.languages import LANGUAGES
from shop.i18n.regions import REGIONS
from shop.i18n.texts import texts_of

# Shorter ones are not told from each other by one wrong letter.
_SHORTEST_WORD = 4
_WRITTEN = re.compile(r"[^\W_]+")


def index_products(ids: Iterable[int]) -> None:
    """Write the search rows of some products anew: folded words of all languages, by where they stand."""
    names = _Names()
    known: dict[str, str] = {}
    for chunk in chunks(sorted(set(ids))):
        texts: dict[tuple[int, str], list[str]] = defaultdict(list)
        for (product_id, field), by_language in texts_of("product", chunk, ("title", "description")).items():
            texts[product_id, field] += by_language.values()
        options: dict[int, list[str]] = defaultdict(list)
        for variant in db.session.execute(
            select(Variant.product_id, Variant.option1, Variant.option2).where(
                Variant.product_id.in_(chunk), Variant.archived_at.is_(None)
            )
        ):
            options[variant.product_id] += _option_texts(variant.option1, variant.option2)
        columns = (Product.id, Product.unit_id, Product.craft, Product.family, Product.origin_region, Product.materials)
        products = db.session.execute(select(*columns).where(Product.id.in_(chunk))).all()
        makers = _Makers({product.unit_id for product in products})
        rows = []
        for product in products:
            titles, chosen = texts[product.id, "title"], options[product.id]
            kinds, traits = names.kinds(product), [*names.traits(product), *makers.places[product.unit_id]]
            others = [*texts[product.id, "description"], *chosen, *makers.names[product.unit_id]]
            others += names.regions(product)
            row = {"titles": titles, "kinds": kinds, "traits": traits, "others": others}
            for part in (*titles, *kinds, *traits, *makers.names[product.unit_id]):
                known |= _spelt(part)
            colours = " ".join(colours_of([*titles, *chosen]))
            rows.append({"product_id": product.id, "colours": colours, **{k: line_of(v) for k, v in row.items()}})
        db.session.execute(delete(SearchRow).where(SearchRow.product_id.in_(chunk)))
        if rows:
            db.session.execute(insert(SearchRow), rows)
    _remember(known)


def index_unindexed() -> int:
    """Write the search rows that an older release left without titles; how many there were."""
    ids = list(db.session.scalars(select(SearchRow.product_id).where(SearchRow.titles == "")))
    index_products(ids)
    return len(ids)


def line_of(parts: Iterable[str]) -> str:
    """The stems of some texts as one line, each once."""
    return " ".join(dict.fromkeys(stem(word) for part in parts for word in words(part)))


def _spelt(text: str) -> dict[str, str]:
    """The words of a text by their stems, with the accents and endings they are written with."""
    written = [word for word in _WRITTEN.findall(text) if len(word) >= _SHORTEST_WORD]
    return {stems[0]: word.lower() for word in written if len(stems := tokens(word)) == 1}


def _remember(known: dict[str, str]) -> None:
    # A word must not be longer than PostgreSQL's index can hold; nobody misspells such a word either.
    rows = [{"stem": key, "text": text} for key, text in sorted(known.items()) if len(text) <= 40]
    for chunk in chunks(range(len(rows))):
        insert_all_new(SearchWord, [rows[index] for index in chunk])


def _option_texts(*options: dict[str, str] | None) -> Iterator[str]:
    for option in options:
        yield from (option or {}).values()


class _Names:
    """Names of crafts, families and materials in all languages, read once."""

    def __init__(self) -> None:
        self.crafts = {row.code: _names(row) for row in db.session.scalars(select(Craft))}
        self.families = {row.code: _names(row) for row in db.session.scalars(select(Family))}
        self.materials = {row.code: _names(row) for row in db.session.scalars(select(Material))}

    def kinds(self, product: Any) -> list[str]:
        return [*self.crafts[product.craft], *self.families[product.family]]

    def traits(self, product: Any) -> list[str]:
        return [name for material in product.materials for name in self.materials.get(material, ())]

    def regions(self, product: Any) -> list[str]:
        region = REGIONS[product.origin_region.removeprefix("MA-")]
        return [region.name(code) for code in LANGUAGES]


class _Makers:
    """Places and names of some units and of those who work there."""

    def __init__(self, ids: set[int]) -> None:
        units = list(db.session.scalars(select(Unit).where(Unit.id.in_(ids))))
        self.places = {row.id: _names(row, "place") for row in units}
        self.names = {row.id: _names(row) for row in units}
        for person in db.session.scalars(select(Person).where(Person.unit_id.in_(ids)).order_by(Person.id)):
            self.names[person.unit_id] += [person.name_ar, person.name_latin]


def _names(row: object, what: str = "name") -> list[str]:
    return [str(getattr(row, f"{what}_{code}")) for code in LANGUAGES]
