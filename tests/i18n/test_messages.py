from collections.abc import Callable
from threading import Thread

import pytest
from babel import Locale
from jinja2 import Environment
from markupsafe import Markup

from shop.i18n import messages
from shop.i18n.messages import (
    current_language,
    gettext,
    lazy_gettext,
    ngettext,
    npgettext,
    pgettext,
    plural_index,
    use_language,
)

CLDR_ORDER = ["zero", "one", "two", "few", "many", "other"]
PIECES = (
    'msgid "%(num)s piece"\nmsgid_plural "%(num)s pieces"\n'
    'msgstr[0] "لا قطع"\nmsgstr[1] "قطعة واحدة"\nmsgstr[2] "قطعتان"\n'
    'msgstr[3] "%(num)s قطع"\nmsgstr[4] "%(num)s قطعة"\nmsgstr[5] "%(num)s من القطع"\n'
)


@pytest.mark.parametrize("number", [0, 1, 2, 3, 10, 11, 99, 100, 101, 102, 103, 111])
def test_arabic_plural_forms_are_those_of_cldr(number: int) -> None:
    assert CLDR_ORDER[plural_index("ar", number)] == Locale("ar").plural_form(number)


@pytest.mark.parametrize(("number", "index"), [(0, 0), (1, 0), (2, 1), (100, 1)])
def test_none_is_singular_in_french(number: int, index: int) -> None:
    assert plural_index("fr", number) == index


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "لا قطع"),
        (1, "قطعة واحدة"),
        (2, "قطعتان"),
        (3, "3 قطع"),
        (11, "11 قطعة"),
        (100, "100 من القطع"),
        (103, "103 قطع"),
    ],
)
def test_each_number_is_said_in_its_form(arabic: Callable[[str], None], number: int, text: str) -> None:
    arabic(PIECES)
    with use_language("ar"):
        assert ngettext("%(num)s piece", "%(num)s pieces", number) == text


def test_a_missing_translation_shows_the_english_in_its_own_plural(arabic: Callable[[str], None]) -> None:
    arabic("")
    with use_language("ar"):
        assert gettext("Hello %(name)s.", name="Aïcha") == "Hello Aïcha."
        assert ngettext("%(num)s piece", "%(num)s pieces", 1) == "1 piece"
        assert ngettext("%(num)s piece", "%(num)s pieces", 2) == "2 pieces"


def test_fuzzy_and_half_translated_messages_count_as_missing(arabic: Callable[[str], None]) -> None:
    arabic('#, fuzzy\nmsgid "Cart"\nmsgstr "سلة؟"\n\n' + PIECES.replace("قطعتان", ""))
    with use_language("ar"):
        assert gettext("Cart") == "Cart"
        assert ngettext("%(num)s piece", "%(num)s pieces", 3) == "3 pieces"


def test_one_text_can_have_two_meanings(arabic: Callable[[str], None]) -> None:
    arabic(
        'msgctxt "state"\nmsgid "Open"\nmsgstr "مفتوح"\n\n'
        'msgctxt "n"\n' + PIECES.replace("لا قطع", "لا شيء") + '\nmsgid "Open"\nmsgstr "فتح"\n'
    )
    with use_language("ar"):
        assert pgettext("state", "Open") == "مفتوح"
        assert gettext("Open") == "فتح"
        assert pgettext("elsewhere", "Open") == "Open"
        assert npgettext("n", "%(num)s piece", "%(num)s pieces", 0) == "لا شيء"


def test_a_lazy_text_is_translated_when_it_is_shown(arabic: Callable[[str], None]) -> None:
    arabic('msgid "Cart"\nmsgstr "السلة"\n')
    label = lazy_gettext("Cart")
    assert str(label) == "Cart"
    with use_language("ar"):
        assert str(label) == "السلة"
        assert f"{label}" == "السلة"


def test_what_is_put_into_a_text_beside_markup_is_escaped() -> None:
    text = gettext("%(maker)s asks %(price)s.", maker="<b>", price=Markup("<bdi>1</bdi>"))
    assert text == Markup("&lt;b&gt; asks <bdi>1</bdi>.")
    assert isinstance(text, Markup)


def test_a_percent_sign_is_written_twice_as_in_templates() -> None:
    assert gettext("100%% wool") == "100% wool"


def test_the_language_ends_with_its_block_even_after_an_error() -> None:
    seen = []
    with pytest.raises(ZeroDivisionError), use_language("fr"):
        seen.append(current_language()) or 1 / 0
    assert [*seen, current_language()] == ["fr", "en"]


def test_the_language_of_one_thread_is_not_that_of_another() -> None:
    seen = []
    with use_language("ar"):
        thread = Thread(target=lambda: seen.append(current_language()))
        thread.start()
        thread.join()
    assert seen == ["en"]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="de"), use_language("de"):
        pass


def test_templates_use_the_same_texts(arabic: Callable[[str], None]) -> None:
    arabic(PIECES + '\nmsgid "Two lines of %(what)s"\nmsgstr "سطران من %(what)s"\n')
    environment = Environment(autoescape=True)
    messages.install_gettext(environment)
    template = environment.from_string(
        "{% trans what=what %}Two lines\n   of {{ what }}{% endtrans %}|"
        "{{ ngettext('%(num)s piece', '%(num)s pieces', 11) }}|{{ _('100%% wool') }}"
    )
    with use_language("ar"):
        assert template.render(what="<i>") == "سطران من &lt;i&gt;|11 قطعة|100% wool"


def test_no_line_breaks_before_high_punctuation_in_french_or_inside_its_quotation_marks() -> None:
    with use_language("fr"):
        assert gettext("Why not?") == "Pourquoi pas\N{NO-BREAK SPACE}?"
        told = gettext("%(title)s is no longer for sale.", title="Tapis : rouge")
    assert told.startswith("«\N{NO-BREAK SPACE}Tapis : rouge\N{NO-BREAK SPACE}» n’est")


def test_no_line_of_french_begins_with_a_sign_or_ends_with_an_opening_guillemet() -> None:
    assert (
        messages.bound("la fin ; c'est « le tapis » : vu !")
        == "la fin\u00a0; c'est «\u00a0le tapis\u00a0»\u00a0: vu\u00a0!"
    )
    assert messages.bound("a; b: c") == "a; b: c"
