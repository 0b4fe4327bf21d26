"""The demonstration's catalogue without its history: every piece published, the order of the files being their age."""

from datetime import date, timedelta

from sqlalchemy import insert, select

from shop.artisans.models import Person, Unit
from shop.catalogue.indexing import index_products
from shop.catalogue.models import Craft, Family, Material, Price, Product, Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.versions import touch
from shop.demo.content.load import Content, get_content
from shop.i18n.languages import LANGUAGES
from shop.i18n.texts import write_text
from shop.programme.models import Edition, Membership
from tests.builders import make_basics


def load_catalogue() -> None:
    """Write it; each piece's public id is its key, and the words it is found by are written too."""
    content = get_content()
    make_basics()
    with transaction():
        edition = db.session.scalars(select(Edition).where(Edition.code == "excellence-2026")).one()
        _write_names(content)
        units = _write_units(content, edition.id)
        ids = _write_products(content, units)
        db.session.flush()
        index_products(ids)
        touch()


def _write_names(content: Content) -> None:
    there = set(db.session.scalars(select(Family.code)))
    for number, family in enumerate(content.families.values(), 1):
        names = {f"name_{code}": family.names[code] for code in LANGUAGES}
        if family.code not in there:
            db.session.add(Family(code=family.code, position=number, **names))
    for material in content.materials.values():
        names = {f"name_{code}": material.names[code] for code in LANGUAGES}
        db.session.merge(Material(code=material.code, **names))
    db.session.flush()
    for number, craft in enumerate(content.crafts.values(), 1):
        texts = {"name": craft.names, "intro": craft.intro}
        names = {f"{field}_{code}": text[code] for code in LANGUAGES for field, text in texts.items()}
        db.session.merge(Craft(code=craft.code, family=craft.family, position=number, **names))
    db.session.flush()


def _write_units(content: Content, edition_id: int) -> dict[str, int]:
    found = {}
    for unit in content.units.values():
        names = {f"name_{code}": unit.name[code] for code in LANGUAGES}
        places = {f"place_{code}": unit.place[code] for code in LANGUAGES}
        row = Unit(
            public_id=unit.key,
            legal_form=unit.legal_form,
            region=unit.region,
            family=unit.family,
            lead_sex=unit.lead_sex,
            created_at=clock.now(),
            **names,
            **places,
        )
        db.session.add(row)
        db.session.flush()
        found[unit.key] = row.id
        member = {"unit_id": row.id, "edition_id": edition_id, "from_on": date(2026, 1, 1), "admitted_at": clock.now()}
        db.session.add(Membership(**member))
        for person in unit.persons:
            people = {"name_ar": person.name_ar, "name_latin": person.name_latin, "sex": person.sex}
            roles = {f"role_{code}": person.role[code] for code in LANGUAGES}
            db.session.add(Person(unit_id=row.id, share_bp=0, **people, **roles))
    return found


def _write_products(content: Content, units: dict[str, int]) -> list[int]:
    ids = []
    for number, product in enumerate(content.products.values()):
        now = clock.now() - timedelta(hours=number)
        row = Product(
            public_id=product.key,
            unit_id=units[product.unit],
            craft=product.craft,
            family=content.crafts[product.craft].family,
            kind=product.kind,
            sale_unit=product.sale_unit,
            state="published",
            origin_region=product.origin_region,
            materials=[material.code for material in product.materials],
            weight_grams=product.weight_grams,
            created_at=now,
            updated_at=now,
            published_at=now,
        )
        db.session.add(row)
        db.session.flush()
        ids.append(row.id)
        for field in ("title", "description", "care"):
            for code in LANGUAGES:
                write_text("product", row.id, field, code, getattr(product, field)[code])
        for position, variant in enumerate(product.variants):
            options = {
                "option1": variant.option1.as_dict() if variant.option1 else None,
                "option2": variant.option2.as_dict() if variant.option2 else None,
            }
            stock = (
                {"available": 3, "received": 3} if product.kind != "one_of_a_kind" else {"available": 1, "received": 1}
            )
            one = Variant(product_id=row.id, sku=variant.sku, position=position, **options, **stock)
            db.session.add(one)
            db.session.flush()
            prices = variant.prices or product.prices
            rows = [{"variant_id": one.id, "currency": code, "amount_minor": minor} for code, minor in prices.items()]
            db.session.execute(insert(Price), rows)
    return ids
