"""The words a search finds products by, for many products in few statements."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from shop.artisans.models import Person, Unit
from shop.catalogue.importing.current import chunks
from shop.catalogue.models import Craft, Family, Material, Product, SearchRow
from shop.catalogue.search import words_of
from shop.catalogue.services import TEXT_FIELDS
from shop.core.db import db
from shop.i18n.languages import LANGUAGES
from shop.i18n.regions import REGIONS
from shop.i18n.texts import texts_of


def index_products(ids: Iterable[int]) -> None:
    """Write the search rows of some products anew, as services.refresh_search does for one."""
    names = _Names()
    for chunk in chunks(sorted(set(ids))):
        texts: dict[int, list[str]] = defaultdict(list)
        for (product_id, _field), by_language in texts_of("product", chunk, TEXT_FIELDS).items():
            texts[product_id] += by_language.values()
        columns = (Product.id, Product.unit_id, Product.craft, Product.family, Product.origin_region, Product.materials)
        rows = [
            {"product_id": row.id, "words": words_of([*texts[row.id], *names.of(row)])}
            for row in db.session.execute(select(*columns).where(Product.id.in_(chunk)))
        ]
        db.session.execute(delete(SearchRow).where(SearchRow.product_id.in_(chunk)))
        if rows:
            db.session.execute(insert(SearchRow), rows)


class _Names:
    """Names of everything a product points at, in all languages, read once."""

    def __init__(self) -> None:
        self.crafts = {row.code: _names(row) for row in db.session.scalars(select(Craft))}
        self.families = {row.code: _names(row) for row in db.session.scalars(select(Family))}
        self.materials = {row.code: _names(row) for row in db.session.scalars(select(Material))}
        self.units = {row.id: [*_names(row), *_names(row, "place")] for row in db.session.scalars(select(Unit))}
        for person in db.session.scalars(select(Person)):
            self.units[person.unit_id] += [person.name_ar, person.name_latin]

    def of(self, row: object) -> Iterable[str]:
        """The words around one product row."""
        yield from self.units[row.unit_id]  # type: ignore[attr-defined]
        yield from self.crafts[row.craft]  # type: ignore[attr-defined]
        yield from self.families[row.family]  # type: ignore[attr-defined]
        region = REGIONS[row.origin_region.removeprefix("MA-")]  # type: ignore[attr-defined]
        yield from (region.name(code) for code in LANGUAGES)
        for material in row.materials:  # type: ignore[attr-defined]
            yield from self.materials.get(material, ())


def _names(row: object, what: str = "name") -> list[str]:
    return [str(getattr(row, f"{what}_{code}")) for code in LANGUAGES]
