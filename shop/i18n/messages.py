"""Messages a person reads: looked up in PO files held in memory, in the language of the current context.

English is the source, so a message that has no translation shows its English text. A text is always a format string, as
in Jinja's newstyle gettext: placeholders are `%(name)s`, a percent sign is written `%%`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from babel.support import LazyProxy
from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from shop.i18n.languages import LANGUAGES, SOURCE

# `pybabel init` swaps many and other for Arabic (python-babel/babel#816); these are CLDR's order of the six forms.
PLURAL_FORMS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "fr": "nplurals=2; plural=(n > 1);",
    "en": "nplurals=2; plural=(n != 1);",
}

# (context, English text), the context mostly None
Key = tuple[str | None, str]

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


class _Texts(NamedTuple):
    """What is translated into one language."""

    single: Mapping[Key, str]
    plural: Mapping[Key, tuple[str, ...]]
    # What templates have said without placeholders: as many as they hold texts.
    plain: dict[str, Markup]


def folder() -> Path:
    """Where the catalogues are: inside the package of an installed wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "translations"
    return inside if inside.is_dir() else package.parent / "translations"


def current_language() -> str:
    """Code of the language texts are written in at this moment."""
    return _language.get()


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """Write in another language inside the block: a request, a mail, a document."""
    if code not in LANGUAGES:
        raise ValueError(f"not a language of this shop: {code!r}")
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def load() -> None:
    """Read all catalogues, so that no request pays for it."""
    for code in LANGUAGES:
        _texts(code)


def reload() -> None:
    """Forget what was read; the next text reads the files again."""
    _texts.cache_clear()


@lru_cache
def _texts(code: str) -> _Texts:
    path = folder() / code / "LC_MESSAGES" / "messages.po"
    if code == SOURCE or not path.is_file():
        return _Texts({}, {}, {})
    with path.open("rb") as file:
        return _collect(read_po(file, locale=code), code)


def key_of(message: Message) -> Key:
    """What makes a message itself: its context and its English text."""
    return message.context or None, message.id if isinstance(message.id, str) else message.id[0]


def forms_of(message: Message) -> tuple[str, ...]:
    """The translations of a message, one unless it has plurals; empty where there is none."""
    text = message.string or ""
    return (text,) if isinstance(text, str) else tuple(text)


# French sets a space before high punctuation and inside its quotation marks, and no line may break there (Imprimerie
# nationale, Lexique des règles typographiques). Done here, so that a translator need not type what cannot be seen.
_FRENCH_SPACES = re.compile(r"(?<=«) | (?=[:;!?»])")


def bound(text: str) -> str:
    """A text in which no line breaks before or after a sign that French sets beside a space; others write no such spaces."""
    return _FRENCH_SPACES.sub("\N{NO-BREAK SPACE}", text)


def _typeset(text: str, code: str) -> str:
    return bound(text) if code == "fr" else text


def _collect(catalogue: Catalog, code: str) -> _Texts:
    single: dict[Key, str] = {}
    plural: dict[Key, tuple[str, ...]] = {}
    for message in catalogue:
        forms = tuple(_typeset(form, code) for form in forms_of(message))
        if not message.id or message.fuzzy or not all(forms):
            continue
        if message.pluralizable:
            plural[key_of(message)] = forms
        else:
            single[key_of(message)] = forms[0]
    return _Texts(single, plural, {})


@lru_cache
def _plural_rule(code: str) -> Any:
    return c2py(PLURAL_FORMS[code].partition("plural=")[2].rstrip(";"))


def plural_index(code: str, number: int) -> int:
    """Which of the forms of a language belongs to a number; forms are ordered as in PLURAL_FORMS."""
    return _plural_rule(code)(abs(number))


def find_text(message: str) -> str:
    """The translation, unformatted; the English text where there is none."""
    return _texts(_language.get()).single.get((None, message), message)


def find_plural(singular: str, plural: str, number: int) -> str:
    """The translated form for a number, unformatted."""
    return _find_plural(None, singular, plural, number)


def find_text_in_context(context: str, message: str) -> str:
    """As find_text, for a text that means different things in different places."""
    return _texts(_language.get()).single.get((context, message), message)


def find_plural_in_context(context: str, singular: str, plural: str, number: int) -> str:
    """As find_plural, for a text that means different things in different places."""
    return _find_plural(context, singular, plural, number)


def _find_plural(context: str | None, singular: str, plural: str, number: int) -> str:
    code = _language.get()
    forms = _texts(code).plural.get((context, singular))
    if forms is None:
        code, forms = SOURCE, (singular, plural)
    return forms[plural_index(code, number)]


def gettext(message: str, /, **variables: Any) -> str:
    """The translated text with its placeholders filled; Markup, and escaped, if a variable is Markup."""
    return _fill(find_text(message), variables)


def ngettext(singular: str, plural: str, number: int, /, **variables: Any) -> str:
    """The form that belongs to `number`, which is also the placeholder %(num)s."""
    return _fill(find_plural(singular, plural, number), {"num": number, **variables})


def pgettext(context: str, message: str, /, **variables: Any) -> str:
    """The translation of a text in one of its meanings."""
    return _fill(find_text_in_context(context, message), variables)


def npgettext(context: str, singular: str, plural: str, number: int, /, **variables: Any) -> str:
    """The form that belongs to `number`, in one of the meanings of the text."""
    return _fill(find_plural_in_context(context, singular, plural, number), {"num": number, **variables})


def lazy_gettext(message: str, /, **variables: Any) -> LazyProxy:
    """A text that is translated each time it is shown: labels of forms, names declared at import."""
    return LazyProxy(gettext, message, enable_cache=False, **variables)


def _fill(text: str, variables: Mapping[str, Any]) -> str:
    if "%" not in text:
        return text
    if any(hasattr(value, "__html__") for value in variables.values()):
        # Our own texts are trusted; what is put into them is not.
        return Markup(text) % variables
    return text % variables


def install_gettext(environment: Environment) -> None:
    """Give a Jinja environment `_`, `ngettext`, `pgettext`, `npgettext` and `{% trans %}` in the current language."""
    environment.add_extension("jinja2.ext.i18n")
    # As in translations/babel.cfg: otherwise a {% trans %} block of several lines is looked up with its line breaks.
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        find_text,
        find_plural,
        newstyle=True,
        pgettext=find_text_in_context,
        npgettext=find_plural_in_context,
    )
    # A page says thirty things without a placeholder: those skip what Jinja does for the others.
    environment.globals["_"] = environment.globals["gettext"] = _say


@pass_eval_context
def _say(context: EvalContext, message: str, /, **variables: Any) -> str:
    """`_` of the templates: as Jinja's own, which fills every text, so that a per cent sign is written twice; Markup where
    the template escapes."""
    texts = _texts(_language.get())
    if not context.autoescape:
        return texts.single.get((None, message), message) % variables
    if variables:
        return Markup(texts.single.get((None, message), message)) % variables
    found = texts.plain.get(message)
    if found is None:
        found = texts.plain[message] = Markup(texts.single.get((None, message), message) % {})
    return found
