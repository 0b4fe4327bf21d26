"""The makers as buyers see them: units admitted today, with their words, pictures and people."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from shop.artisans.models import Person, Unit
from shop.catalogue.models import Product
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n.fold import fold
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS
from shop.i18n.slugs import slugify
from shop.i18n.texts import Told, tell, texts_of
from shop.media.queries import picture_views
from shop.programme.queries import admitted_units

Pic = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Maker:
    """A unit as buyers see it. `sells` is False when it is not admitted today."""

    id: int
    public_id: str
    slugs: dict[str, str]
    name: str
    place: str
    region: str
    legal_form: str
    founded: int | None
    members: int
    women: int
    picture: Pic | None
    words: Told | None
    story: Told | None
    sells: bool
    pieces: int = 0
    persons: tuple[tuple[str, str], ...] = ()


UNIT_COLUMNS = (
    Unit.id,
    Unit.public_id,
    Unit.name_ar,
    Unit.name_fr,
    Unit.name_en,
    Unit.place_ar,
    Unit.place_fr,
    Unit.place_en,
    Unit.region,
    Unit.legal_form,
    Unit.founded,
    Unit.members_f,
    Unit.members_m,
    Unit.picture_id,
)


def name_slugs(row: Any) -> dict[str, str]:
    """The slug in each language of something whose names are columns."""
    return {code: slugify(getattr(row, f"name_{code}"), code) for code in ("ar", "fr", "en")}


def maker_of(row: Any, told: dict[str, dict[str, str]], pictures: dict[int, Pic], language: str, sells: bool) -> Maker:
    name = getattr(row, f"name_{language}")
    picture = pictures.get(row.picture_id)
    return Maker(
        id=row.id,
        public_id=row.public_id,
        slugs=name_slugs(row),
        name=name,
        place=getattr(row, f"place_{language}"),
        region=row.region.removeprefix("MA-"),
        legal_form=row.legal_form,
        founded=row.founded,
        members=row.members_f + row.members_m,
        women=row.members_f,
        picture={**picture, "alt": name} if picture else None,
        words=tell(told.get("words", {}), language),
        story=tell(told.get("story", {}), language),
        sells=sells,
    )


def list_makers(language: str, region: str | None = None) -> list[Maker]:
    """Units admitted today, by name in the reader's alphabet, each with the number of its pieces. Three statements."""
    if region is not None and region not in REGIONS:
        raise NotFound(_("There is no such region."))
    pieces = select(func.count()).where(Product.unit_id == Unit.id, Product.state == "published").scalar_subquery()
    statement = select(*UNIT_COLUMNS, pieces.label("pieces")).where(admitted_units(clock.today()))
    if region is not None:
        statement = statement.where(Unit.region == f"MA-{region}")
    rows = [row for row in db.session.execute(statement).all() if row.pieces]
    told = texts_of("unit", [row.id for row in rows], ["words"])
    pictures = picture_views(row.picture_id for row in rows)
    makers = [
        replace(maker_of(row, {"words": told.get((row.id, "words"), {})}, pictures, language, True), pieces=row.pieces)
        for row in rows
    ]
    return sorted(makers, key=lambda maker: (fold(maker.name), maker.id))


def get_maker(public_id: str, language: str) -> Maker:
    """A unit that sells today, or whose sold pieces are still remembered. Raises NotFound."""
    admitted = admitted_units(clock.today())
    row = db.session.execute(
        select(*UNIT_COLUMNS, admitted.label("admitted")).where(Unit.public_id == public_id)
    ).first()
    if row is None or not row.admitted:
        raise NotFound(_("There is no such maker, or nothing of theirs is for sale."))
    told = {name: texts for (_id, name), texts in texts_of("unit", [row.id], ["words", "story"]).items()}
    maker = maker_of(row, told, picture_views([row.picture_id]), language, True)
    name = Person.name_ar if language == "ar" else Person.name_latin
    persons = db.session.execute(
        select(name.label("name"), getattr(Person, f"role_{language}").label("role"))
        .where(Person.unit_id == row.id)
        .order_by(Person.share_bp.desc(), Person.id)
    )
    return replace(maker, persons=tuple((person.name, person.role) for person in persons))
