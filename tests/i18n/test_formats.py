import datetime as dt
from decimal import Decimal

import pytest
from markupsafe import Markup

from shop.i18n import formats
from shop.i18n.messages import use_language

LRM, RLM, NBSP = "\u200e", "\u200f", "\u00a0"
LRI, RLI, PDI = "\u2066", "\u2067", "\u2069"


@pytest.mark.parametrize(
    ("currency", "minor", "ar", "fr", "en"),
    [
        ("EUR", 125000, "~1.250,00_€", "1_250,00_€", "€1,250.00"),
        ("USD", 125000, "~1.250,00_US$" + LRM, "1_250,00_$US", "$1,250.00"),
        ("GBP", 125000, "~1.250,00_UK£" + LRM, "1_250,00_£GB", "£1,250.00"),
        ("AED", 125000, "~1.250,00_د.إ~", "1_250,00_AED", "AED_1,250.00"),
        ("JPY", 1250, "~1.250_JP¥" + LRM, "1_250_JPY", "¥1,250"),
        ("TND", 1250000, "~1.250,000_د.ت~", "1_250,000_TND", "TND_1,250.000"),
        ("MAD", 125000, "~1.250,00_د.م~", "1_250,00_MAD", "MAD_1,250.00"),
    ],
)
def test_money_reads_as_each_language_writes_it(currency: str, minor: int, ar: str, fr: str, en: str) -> None:
    for language, expected in (("ar", ar), ("fr", fr), ("en", en)):
        expected = expected.replace("~", RLM).replace("_", NBSP)
        assert formats.money(minor, currency, language) == Markup(f"<bdi>{expected}</bdi>")
        assert formats.money_text(minor, currency, language).strip(RLI + PDI) == expected


def test_money_is_isolated_even_without_markup_where_the_text_runs_from_the_right() -> None:
    assert formats.money_text(100, "EUR", "ar").startswith(RLI)
    assert formats.money_text(100, "EUR", "ar").endswith(PDI)
    assert formats.money_text(100, "EUR", "fr") == f"1,00{NBSP}€"


def test_no_amount_is_rounded_however_large() -> None:
    assert formats.money_text(9_007_199_254_740_993, "EUR", "en") == "€90,071,992,547,409.93"


def test_a_minus_stays_on_the_left_of_its_number() -> None:
    assert formats.money_text(-5, "EUR", "en") == "-€0.05"
    assert formats.money(-5, "EUR", "ar") == Markup(f"<bdi>{RLM}{LRM}-0,05{RLM}{NBSP}€</bdi>")
    assert formats.number(-1250, "ar") == f"{LRM}-1.250"


@pytest.mark.parametrize("amount", [12.5, Decimal("12.5"), True, "12"])
def test_an_amount_that_is_not_whole_minor_units_is_refused(amount: object) -> None:
    formats.money(1, "EUR")
    with pytest.raises(TypeError):
        formats.money(amount, "EUR")  # type: ignore[arg-type]


def test_dirhams_are_named_as_makers_name_them() -> None:
    assert formats.dirhams(125000, "ar") == Markup(f"<bdi>{RLM}1.250,00{NBSP}درهم</bdi>")
    assert formats.dirhams(125000, "fr") == Markup(f"<bdi>1{NBSP}250,00{NBSP}DH</bdi>")
    assert formats.dirhams(125000, "en") == Markup(f"<bdi>MAD{NBSP}1,250.00</bdi>")


def test_a_price_range_is_two_amounts_joined_by_words() -> None:
    text = formats.money_range(100, 250, "EUR", "en")
    assert text == Markup("from <bdi>€1.00</bdi> to <bdi>€2.50</bdi>")
    for language in ("ar", "fr"):
        text = formats.money_range(100, 250, "EUR", language)
        assert formats.money(100, "EUR", language) in text
        assert formats.money(250, "EUR", language) in text
        assert "–" not in text
    assert formats.money_range(100, 100, "EUR", "en") == formats.money(100, "EUR", "en")


def test_formats_follow_the_current_language() -> None:
    with use_language("fr"):
        assert formats.number(Decimal("1250.5")) == f"1{NBSP}250,5"
        assert formats.country_name("DE") == "Allemagne"


@pytest.mark.parametrize("text", ["+212 612-345678", "SKU-3-2-1", "<1Z 999>"])
def test_codes_are_isolated_from_the_left(text: str) -> None:
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    assert formats.isolate_ltr(text) == Markup(f'<bdi dir="ltr">{escaped}</bdi>')
    assert formats.isolate_ltr_text(text, "ar") == f"{LRI}{text}{PDI}"
    assert formats.isolate_ltr_text(text, "fr") == text


def test_a_shop_name_does_not_merge_with_its_rating() -> None:
    assert formats.isolate("C&A Crafts!") == Markup("<bdi>C&amp;A Crafts!</bdi>")


def test_an_iso_date_is_isolated() -> None:
    assert formats.iso_date(dt.date(2026, 8, 9)) == Markup('<bdi dir="ltr">2026-08-09</bdi>')
    assert formats.iso_date_text(dt.date(2026, 8, 9), "ar") == f"{LRI}2026-08-09{PDI}"


@pytest.mark.parametrize(
    ("language", "expected"), [("ar", "120 × 80 × 3,5 سم"), ("fr", "120 × 80 × 3,5 cm"), ("en", "120 × 80 × 3.5 cm")]
)
def test_dimensions_keep_together_and_name_their_unit(language: str, expected: str) -> None:
    expected = expected.replace(" ", NBSP)
    assert formats.dimensions(1200, 800, 35, language) == Markup(f"<bdi>{expected}</bdi>")
    assert formats.dimensions_text(1200, 800, 35, language).strip(RLI + PDI) == expected


def test_unknown_sides_are_left_out() -> None:
    assert formats.dimensions(None, 800, None, "en") == Markup(f"<bdi>80{NBSP}cm</bdi>")
    assert formats.dimensions(None) == Markup("")
    assert formats.dimensions_text(None, language="ar") == ""


def test_weights_are_grams_up_to_a_kilogram() -> None:
    assert formats.weight(999, "en") == Markup(f"<bdi>999{NBSP}g</bdi>")
    assert formats.weight(1250, "fr") == Markup(f"<bdi>1,25{NBSP}kg</bdi>")
    assert formats.weight_text(1000, "en") == f"1{NBSP}kg"
    assert "كغ" in formats.weight(2000, "ar")


@pytest.mark.parametrize(
    ("language", "style", "expected"),
    [
        ("ar", "medium", "9 غشت 2026"),
        ("ar", "full", "الأحد، 9 غشت 2026"),
        ("ar", "month", "غشت 2026"),
        ("fr", "medium", "9 août 2026"),
        ("fr", "month", "août 2026"),
        ("en", "short", "9 Aug 2026"),
        ("en", "medium", "9 Aug 2026"),
        ("en", "long", "9 August 2026"),
        ("en", "full", "Sunday 9 August 2026"),
    ],
)
def test_days_are_written_in_words(language: str, style: str, expected: str) -> None:
    assert formats.date(dt.date(2026, 8, 9), style, language) == expected


def test_moments_are_shown_in_casablanca() -> None:
    moment = dt.datetime(2026, 8, 9, 23, 30, tzinfo=dt.UTC)
    assert formats.date(moment, language="fr") == "10 août 2026"
    assert formats.datetime_(moment, "fr") == "10 août 2026, 00:30"
    assert formats.datetime_(moment, "ar") == "10 غشت 2026، 00:30"
    assert formats.datetime_(moment, "en") == f"10 Aug 2026, 12:30{NBSP}AM"
    with pytest.raises(ValueError, match="time zone"):
        formats.datetime_(moment.replace(tzinfo=None))


def test_percentages_are_exact() -> None:
    assert formats.percent(Decimal("0.125"), "en") == "12.5%"
    assert formats.percent(Decimal("0.125"), "fr") == f"12,5{NBSP}%"
    assert formats.percent(Decimal("0.12"), "ar") == "12%"
    with pytest.raises(TypeError):
        formats.percent(0.125)  # type: ignore[arg-type]


def test_a_rate_keeps_the_decimals_it_has_and_at_least_two() -> None:
    assert formats.rate(Decimal("10.7"), "en") == "10.70"
    assert formats.rate(Decimal("10.7812"), "fr") == "10,7812"
    assert formats.rate(Decimal("10.702272"), "ar") == "10,702272"


def test_lists_are_joined_and_escaped_beside_markup() -> None:
    assert formats.list_text(["laine", "coton", "soie"], "fr") == "laine, coton et soie"
    assert formats.list_text(["<x>", Markup("<b>y</b>")], "en") == Markup("&lt;x&gt; and <b>y</b>")


@pytest.mark.parametrize(
    ("typed", "language", "value"),
    [
        ("1٬250٫50", "ar", "1250.50"),
        ("١٢٥٠", "ar", "1250"),
        ("۱۲۵۰٫۵", "ar", "1250.5"),
        ("1 250,50", "en", "1250.50"),
        ("1\u202f250,50", "fr", "1250.50"),
        ("1,250.50", "fr", "1250.50"),
        ("1.250,50", "en", "1250.50"),
        ("1.250.000", "fr", "1250000"),
        ("1.250", "ar", "1250"),
        ("1.250", "en", "1.250"),
        ("1,250", "en", "1250"),
        ("1,250", "fr", "1.250"),
        ("0.250", "ar", "0.250"),
        ("12.5", "ar", "12.5"),
        ("١٢،٥", "ar", "12.5"),
        ("\u200f-1.250,50", "ar", "-1250.50"),
        ("−3", "fr", "-3"),
        (" 7 ", "en", "7"),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, language: str, value: str) -> None:
    assert formats.parse_decimal(typed, language) == Decimal(value)


@pytest.mark.parametrize(
    "typed",
    ["", "-", "abc", "1e5", "NaN", "Infinity", "1_000", "12 50", "1,2,3", "1.2.3,4", "5.", ",5", "²", "१२", "9" * 41],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="number"):
        formats.parse_decimal(typed, "en")


def test_whole_numbers_are_read_and_halves_refused() -> None:
    assert formats.parse_integer("١٬٢٥٠", "ar") == 1250
    with pytest.raises(ValueError, match="whole"):
        formats.parse_integer("1.5", "en")


def test_typed_money_becomes_minor_units_of_its_currency() -> None:
    assert formats.parse_money("1.250,5", "MAD", "ar") == 125050
    assert formats.parse_money("1250", "JPY", "en") == 1250
    assert formats.parse_money("1,250", "TND", "fr") == 1250
    with pytest.raises(ValueError, match="decimals"):
        formats.parse_money("1,250", "MAD", "fr")


@pytest.mark.parametrize("language", ["ar", "fr", "en"])
@pytest.mark.parametrize("minor", [0, 5, 99, 123456789, -125000])
def test_a_shown_amount_can_be_typed_back(language: str, minor: int) -> None:
    shown = formats.money_text(minor, "CHF", language).replace("CHF", "")
    assert formats.parse_money(shown, "CHF", language) == minor
