import pytest

from shop.i18n.languages import FALLBACKS, LANGUAGES, negotiate


def test_the_languages_stand_in_the_order_they_are_shown_in() -> None:
    assert list(LANGUAGES) == ["ar", "fr", "en"]
    assert [language.direction for language in LANGUAGES.values()] == ["rtl", "ltr", "ltr"]


def test_every_language_falls_back_to_the_two_others() -> None:
    for code, others in FALLBACKS.items():
        assert sorted([code, *others]) == sorted(LANGUAGES)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("ar-MA,ar;q=0.9,fr;q=0.8", "ar"),
        ("fr-CA", "fr"),
        ("FR", "fr"),
        ("de-DE,de;q=0.9,fr;q=0.5,en;q=0.4", "fr"),
        ("en;q=0.3, fr;q=0.7", "fr"),
        ("fr;q=0, en", "en"),
        ("ary", "ar"),
        ("de", "en"),
        ("*", "en"),
        ("fr;q=abc", "en"),
        ("fr;q=nan", "en"),
        (";;,,;q=1", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_header_chooses_what_the_browser_prefers(header: str | None, code: str) -> None:
    assert negotiate(header) == code


def test_a_cookie_comes_before_the_header_if_it_names_a_language() -> None:
    assert negotiate("fr", "ar") == "ar"
    assert negotiate("fr", "de") == "fr"


def test_a_header_of_a_thousand_entries_is_read_only_at_its_beginning() -> None:
    assert negotiate("de," * 1000 + "fr") == "en"
