"""The rows of a catalogue file as drafts of products: what a file says, checked, before it meets the database."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from shop.artisans.models import Unit
from shop.catalogue.currencies import list_currencies
from shop.catalogue.models import KINDS, SALE_UNITS, Craft, Material
from shop.catalogue.services import MOST_ASK_MINOR, MOST_PICTURES, MOST_STOCK
from shop.core.db import db
from shop.i18n import gettext as _
from shop.i18n.languages import LANGUAGES
from shop.i18n.regions import REGIONS
from shop.importing.mappings import Mapper
from shop.importing.problems import Outcome, Problem
from shop.importing.rows import Fields, read_rows

# The columns of the contract, in order.
COLUMNS = (
    "sku", "group_sku", "option1_name", "option1_value", "option2_name", "option2_value", "artisan_id",
    "title_ar", "title_fr", "title_en", "description_ar", "description_fr", "description_en",
    "craft", "family", "kind", "sale_unit", "min_quantity", "quantity_step",
    "price_mad", "price_eur", "price_usd", "price_gbp", "price_aed", "stock", "lead_time_days",
    "weight_grams", "length_mm", "width_mm", "height_mm", "materials", "hs_code", "origin_region", "images",
)  # fmt: skip
# `state` may be set by a mapping, or by the export of this shop; without it a new product is a draft.
FIELDS = (*COLUMNS, "state")
REQUIRED = ("sku", "artisan_id", "craft")
IMPORT_STATES = ("draft", "review", "published")
LONGEST_TITLE, LONGEST_DESCRIPTION = 300, 20_000
PICTURE_NAME = re.compile(r"([0-9a-z]{40,64})\.jpg")

_LIST = re.compile(r"[;|\n]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BY_LANGUAGE = re.compile(r"(ar|fr|en)=(.*)", re.DOTALL)
_SIZES = ("length_mm", "width_mm", "height_mm")


@dataclass(slots=True)
class VariantDraft:
    """One row: what is sold. `prices` has the currencies the file speaks of, None ending the sale in one."""

    sku: str
    option1: dict[str, str] | None
    option2: dict[str, str] | None
    ask_mad_minor: int | None
    stock: int | None
    prices: dict[str, int | None]
    fields: Fields


@dataclass(slots=True)
class ProductDraft:
    """The rows of one product. `columns` and `texts` hold only what the file says; an empty cell says nothing."""

    key: str
    unit: str
    columns: dict[str, Any]
    texts: dict[tuple[str, str], str]
    images: list[str]
    state: str | None
    variants: list[VariantDraft] = field(default_factory=list)

    @property
    def fields(self) -> Fields:
        """The first row, where findings about the whole product point."""
        return self.variants[0].fields

    def digest(self, size_of: Callable[[str], int | None]) -> str:
        """A hash of all that the file says about the product, its pictures by name and size."""
        rows = [
            [v.sku, v.option1, v.option2, v.ask_mad_minor, v.stock, sorted(v.prices.items())] for v in self.variants
        ]
        images = [[name, size_of(name)] for name in self.images]
        texts = sorted([*key, text] for key, text in self.texts.items())
        said = [self.key, self.unit, sorted(self.columns.items()), texts, images, self.state, rows]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass(slots=True)
class Known:
    """What rows refer to: units by public id (id, region, language), families by craft, material codes."""

    units: dict[str, tuple[int, str, str]]
    crafts: dict[str, str]
    materials: frozenset[str]


def read_known() -> Known:
    """Three statements."""
    units = select(Unit.public_id, Unit.id, Unit.region, Unit.language).where(Unit.archived_at.is_(None))
    return Known(
        units={row.public_id: (row.id, row.region, row.language) for row in db.session.execute(units)},
        crafts={row.code: row.family for row in db.session.execute(select(Craft.code, Craft.family))},
        materials=frozenset(db.session.scalars(select(Material.code))),
    )


def read_drafts(
    mapper: Mapper, known: Known, outcome: Outcome, progress: Callable[[int, int], None] | None = None
) -> list[ProductDraft]:
    """The products of a table whose rows are all good. A bad row keeps the whole of its product out."""
    drafts: dict[str, ProductDraft] = {}
    bad: set[str] = set()
    skus: set[str] = set()
    refused: dict[str, int] = {}
    for number, fields in enumerate(read_rows(mapper, outcome.problems), 1):
        if progress and number % 200 == 0:
            progress(number, len(mapper.table.rows))
        if fields is None:
            outcome.skipped += 1
            continue
        key = fields.values.get("group_sku") or fields.values.get("sku", "")
        refused[key] = refused.get(key, 0) + 1
        draft = _read(fields, key, known, outcome.notices)
        sku = draft.variants[0].sku
        if sku in skus:
            fields.fault("sku", "twice", _("This SKU stands twice in the file."))
        skus.add(sku)
        if key in drafts:
            _join(drafts[key], draft)
        else:
            drafts[key] = draft
        if fields.bad:
            bad.add(key)
    for key, draft in drafts.items():
        if key not in bad and not _complete(draft):
            bad.add(key)
    outcome.refused += sum(refused[key] for key in bad)
    return [draft for key, draft in drafts.items() if key not in bad]


def _read(fields: Fields, key: str, known: Known, notices: list[Problem]) -> ProductDraft:
    unit = fields.choice("artisan_id", known.units) if fields.text("artisan_id", required=True) else None
    columns: dict[str, Any] = {
        "craft": fields.choice("craft", known.crafts),
        "kind": fields.choice("kind", KINDS),
        "sale_unit": fields.choice("sale_unit", SALE_UNITS),
        "min_quantity": fields.integer("min_quantity", least=1, most=MOST_STOCK),
        "quantity_step": fields.integer("quantity_step", least=1, most=MOST_STOCK),
        "lead_time_days": fields.integer("lead_time_days", least=0, most=730),
        "weight_grams": fields.integer("weight_grams", least=1, most=10_000_000),
        "hs_code": _hs_code(fields),
        "origin_region": _region(fields),
        "materials": _materials(fields, known),
        "option1_name": _option(fields, "option1_name"),
        "option2_name": _option(fields, "option2_name"),
    }
    columns |= {name: fields.integer(name, least=1, most=100_000) for name in _SIZES}
    family = fields.text("family")
    if family and columns["craft"] and known.crafts[columns["craft"]] != family:
        text = _(
            "The craft “%(craft)s” belongs to the family “%(family)s”.",
            craft=columns["craft"],
            family=known.crafts[columns["craft"]],
        )
        fields.fault("family", "family", text)
    return ProductDraft(
        key=key,
        unit=unit or "",
        columns={name: value for name, value in columns.items() if value not in (None, [])},
        texts=_texts(fields),
        images=_images(fields, notices),
        state=fields.choice("state", IMPORT_STATES),
        variants=[_variant(fields)],
    )


def _variant(fields: Fields) -> VariantDraft:
    prices = {
        currency: fields.amount(name, currency, least=1)
        for currency in list_currencies()
        if fields.given(name := f"price_{currency.lower()}")
    }
    ask = fields.amount("price_mad", "MAD", least=1)
    if ask is not None and ask > MOST_ASK_MINOR:
        fields.fault("price_mad", "range", _("The amount must be greater than zero and believable."))
    return VariantDraft(
        sku=fields.text("sku", longest=64, required=True),
        option1=_option(fields, "option1_value"),
        option2=_option(fields, "option2_value"),
        ask_mad_minor=ask,
        stock=fields.integer("stock", least=0, most=MOST_STOCK),
        prices=prices,
        fields=fields,
    )


def _texts(fields: Fields) -> dict[tuple[str, str], str]:
    longest = {"title": LONGEST_TITLE, "description": LONGEST_DESCRIPTION}
    found = {
        (name, language): fields.text(f"{name}_{language}", longest=longest[name])
        for name in longest
        for language in LANGUAGES
    }
    return {key: text for key, text in found.items() if text}


def _option(fields: Fields, name: str) -> dict[str, str] | None:
    """A name or value of an option: one for all languages, or `ar=… | fr=… | en=…`."""
    text = fields.text(name)
    if not text:
        return None
    found = [_BY_LANGUAGE.fullmatch(part.strip()) for part in text.split("|")]
    if all(found):
        return {part[1]: part[2].strip() for part in found if part}
    return dict.fromkeys(LANGUAGES, text)


def option_text(option: dict[str, str] | None) -> str:
    """The cell an option came from, or would come from."""
    if not option:
        return ""
    if len(set(option.values())) == 1 and set(option) == set(LANGUAGES):
        return next(iter(option.values()))
    return " | ".join(f"{language}={option[language]}" for language in LANGUAGES if language in option)


def _hs_code(fields: Fields) -> str | None:
    code = re.sub(r"[\s.]", "", fields.text("hs_code"))
    if not code:
        return None
    if not re.fullmatch(r"[0-9]{6,12}", code):
        text = _("A customs code has 6 to 12 digits. A spreadsheet may have dropped its leading zero.")
        fields.fault("hs_code", "hs_code", text)
    return code


def _region(fields: Fields) -> str | None:
    given = fields.text("origin_region").upper()
    if not given:
        return None
    code = given.removeprefix("MA-").zfill(2)
    if code not in REGIONS:
        text = _("“%(value)s” is not a region of Morocco; write its code, MA-01 to MA-12.", value=given)
        fields.fault("origin_region", "region", text)
    return f"MA-{code}"


def _materials(fields: Fields, known: Known) -> list[str]:
    parts = re.split(r"[;|,]", fields.text("materials", longest=500))
    codes = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    for code in codes:
        if code not in known.materials:
            fields.fault("materials", "material", _("“%(value)s” is not a material we know.", value=code))
    return codes


def _images(fields: Fields, notices: list[Problem]) -> list[str]:
    """Names of files beside the table; addresses are noted and left where they are."""
    names = []
    for name in dict.fromkeys(part.strip() for part in _LIST.split(fields.text("images", longest=5_000))):
        if _ADDRESS.match(name):
            text = _("The picture at this address was not fetched. Put it beside the table and write its name.")
            notices.append(fields.mapper.problem(fields.line, "images", "not_fetched", name, f"{text} {name}"))
        elif name:
            names.append(name.removeprefix("./"))
    if len(names) > MOST_PICTURES:
        fields.fault("images", "pictures", _("A piece has at most %(count)s photos.", count=MOST_PICTURES))
    return names


def _join(draft: ProductDraft, row: ProductDraft) -> None:
    """One more row of a product: empty cells agree with everything, others must say the same."""
    fields = row.fields
    if fields.values.get("artisan_id") and row.unit != draft.unit:
        fields.fault("artisan_id", "group", _differs(draft))
    for name, value in row.columns.items():
        if draft.columns.setdefault(name, value) != value:
            fields.fault(name, "group", _differs(draft))
    for (name, language), text in row.texts.items():
        if draft.texts.setdefault((name, language), text) != text:
            fields.fault(f"{name}_{language}", "group", _differs(draft))
    draft.images = list(dict.fromkeys([*draft.images, *row.images]))
    draft.variants += row.variants


def _differs(draft: ProductDraft) -> str:
    return _(
        "Rows of one product must agree; line %(line)s of “%(group)s” says something else.",
        line=draft.fields.line,
        group=draft.key,
    )


def _complete(draft: ProductDraft) -> bool:
    """Whether the rows of a product fit together; notes what does not."""
    fields = draft.fields
    if draft.columns.get("kind") == "one_of_a_kind" and sum(variant.stock or 0 for variant in draft.variants) > 1:
        fields.fault("stock", "one_of_a_kind", _("Only one of this piece exists."))
    if not any(name == "title" for name, _language in draft.texts):
        fields.fault("title_en", "title", _("Give the piece a name."))
    if draft.state == "published" and "weight_grams" not in draft.columns:
        text = _("The weight is missing; without it no postage can be told.")
        fields.fault("weight_grams", "weight", text)
    options = [(option_text(variant.option1), option_text(variant.option2)) for variant in draft.variants]
    if len(set(options)) < len(options):
        fields.fault("option1_value", "options", _("Two variants of this product have the same options."))
    return not fields.bad
