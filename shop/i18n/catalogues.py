"""Keeps the catalogues whole: `python -m shop.i18n.catalogues extract | merge FILE.json… | check`.

extract reads the source and brings messages.pot and the PO files up to date, merge fills in translations from JSON,
check names everything that is not as it should be and exits with 1. The files hold no dates, line numbers or version of
a tool: a change in them is a change of words. Works in a checkout, where source and catalogues lie side by side.
"""

import argparse
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po
from jinja2 import TemplateSyntaxError

from shop.i18n.languages import LANGUAGES, SOURCE
from shop.i18n.messages import PLURAL_FORMS, Key, folder, forms_of, key_of

TARGETS = tuple(code for code in LANGUAGES if code != SOURCE)
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
# A comment that begins so is copied for the translator.
COMMENT_TAG = "Translators:"

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_FORMAT_LEFT = re.compile(r"%%|%\(\w+\)s")
# A form for none, one or two may say the number in words.
_COUNTS = frozenset(["num", "count", "n", "number"])


def po_path(code: str) -> Path:
    """The catalogue of a language."""
    return folder() / code / "LC_MESSAGES" / "messages.po"


def pot_path() -> Path:
    """The template: every message of the source."""
    return folder() / "messages.pot"


def messages_of(catalogue: Catalog) -> dict[Key, Message]:
    """The messages of a catalogue, without its header."""
    return {key_of(message): message for message in catalogue if message.id}


def extract() -> Catalog:
    """All messages of the source, without translation."""
    root = folder().parent
    with (folder() / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")
    source = str(root / "shop")
    reading = ""

    def remember(filename: str, _method: str, _options: dict[str, Any]) -> None:
        nonlocal reading
        reading = filename

    found = extract_from_dir(
        root,
        methods,
        options,
        KEYWORDS,
        comment_tags=[COMMENT_TAG],
        callback=remember,
        strip_comment_tags=True,
        directory_filter=lambda path: path.startswith(source) and not path.endswith("__pycache__"),
    )
    catalogue = Catalog()
    try:
        for filename, _line, message, comments, context in found:
            catalogue.add(message, None, [(filename, 0)], auto_comments=comments, context=context)
    except TemplateSyntaxError as error:
        # Jinja's extractor does not know which file it is given.
        error.add_note(f"in {reading}")
        raise
    return catalogue


def read(path: Path, code: str) -> Catalog:
    """A catalogue from its file; an empty one if there is none yet."""
    if not path.is_file():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file, locale=code)


def update(template: Catalog, old: Catalog, code: str) -> Catalog:
    """The template with the translations there were: nothing guessed, nothing that is no longer in the source."""
    translated = messages_of(old)
    catalogue = _empty(code)
    for key, message in messages_of(template).items():
        before = translated.get(key)
        kept = before is not None and before.pluralizable == message.pluralizable and not before.fuzzy
        catalogue.add(
            message.id,
            before.string if kept and before is not None else None,
            message.locations,
            auto_comments=message.auto_comments,
            user_comments=before.user_comments if before is not None else (),
            context=message.context,
        )
    return catalogue


def _empty(code: str) -> Catalog:
    catalogue = Catalog(locale=code)
    catalogue.mime_headers = [("Plural-Forms", PLURAL_FORMS[code])]
    return catalogue


def write(catalogue: Catalog, path: Path, code: str | None) -> None:
    """Write a catalogue, sorted by its English, under a header of our own; Babel's would change at every run."""
    lines = ["Project-Id-Version: artisan-export-shop"]
    if code is not None:
        lines.append(f"Language: {code}")
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    if code is not None:
        lines.append(f"Plural-Forms: {PLURAL_FORMS[code]}")
    header = 'msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines) + "\n"
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + body.getvalue())


def run_extract() -> None:
    """Bring the template and all catalogues up to date with the source."""
    template = extract()
    write(template, pot_path(), None)
    for code in TARGETS:
        write(update(template, read(po_path(code), code), code), po_path(code), code)


def merge(catalogue: Catalog, entries: Iterable[dict[str, Any]], code: str, replace: bool = False) -> list[str]:
    """Fill in missing translations (with `replace` also those there are); returns what could not be used.

    An entry is {"id", "ar", "fr"}; with plurals also "plural", and lists of forms in the order of PLURAL_FORMS; with
    "context" if it has one.
    """
    problems = []
    messages = messages_of(catalogue)
    for entry in entries:
        message = messages.get((entry.get("context"), entry["id"]))
        text = entry.get(code)
        if message is None:
            problems.append(f"{code}: not in the source: {entry['id']!r}")
        elif message.pluralizable != isinstance(text, list):
            problems.append(f"{code}: {'forms' if message.pluralizable else 'one text'} wanted: {entry['id']!r}")
        elif isinstance(text, list) and len(text) != catalogue.num_plurals:
            problems.append(f"{code}: {catalogue.num_plurals} forms wanted: {entry['id']!r}")
        elif text and (replace or not _is_translated(message)):
            message.string = tuple(text) if isinstance(text, list) else text
    return problems


def run_merge(files: Iterable[Path], replace: bool = False) -> list[str]:
    """Merge JSON files into the catalogues of all languages; returns what could not be used."""
    entries = [entry for file in files for entry in json.loads(file.read_text(encoding="utf-8"))]
    problems = []
    for code in TARGETS:
        catalogue = update(read(pot_path(), code), read(po_path(code), code), code)
        problems += merge(catalogue, entries, code, replace)
        write(catalogue, po_path(code), code)
    return problems


def check() -> list[str]:
    """Everything wrong between source, template and catalogues; empty when they are whole."""
    source = messages_of(extract())
    template = messages_of(read(pot_path(), SOURCE))
    problems = [f"messages.pot: not extracted: {key[1]!r}" for key in source.keys() - template.keys()]
    problems += [f"messages.pot: no longer used: {key[1]!r}" for key in template.keys() - source.keys()]
    for (_context, text), message in source.items():
        if any(_has_stray_percent(part) for part in _source_forms(message)):
            problems.append(f"source: stray % (write %%, and %(name)s for what is put in): {text!r}")
    for code in TARGETS:
        problems += _check_catalogue(read(po_path(code), code), source, code)
    return sorted(problems)


def _check_catalogue(catalogue: Catalog, source: dict[Key, Message], code: str) -> Iterator[str]:
    if f"nplurals={catalogue.num_plurals}; plural={catalogue.plural_expr};" != PLURAL_FORMS[code]:
        yield f"{code}: the plural header is not {PLURAL_FORMS[code]!r}"
    messages = messages_of(catalogue)
    for key in source.keys() - messages.keys():
        yield f"{code}: missing: {key[1]!r}"
    for key, message in messages.items():
        if key not in source:
            yield f"{code}: no longer used: {key[1]!r}"
        elif message.fuzzy:
            yield f"{code}: fuzzy: {key[1]!r}"
        elif not _is_translated(message) or message.pluralizable != source[key].pluralizable:
            yield f"{code}: missing: {key[1]!r}"
        else:
            for problem in check_placeholders(_source_forms(message), forms_of(message)):
                yield f"{code}: {problem}: {key[1]!r}"


def _source_forms(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def check_placeholders(source: Sequence[str], translation: Sequence[str]) -> list[str]:
    """What is wrong between the placeholders of a message (one text, or singular and plural) and its translation."""
    singular, plural = _placeholders(source[0]), _placeholders(source[-1])
    problems = []
    for index, form in enumerate(translation):
        found = _placeholders(form)
        # The forms before the last three of Arabic, before the last of French, stand for exact small numbers.
        is_exact = len(translation) > 1 and index < max(1, len(translation) - 3)
        omissible = (_COUNTS | (plural - singular)) if is_exact else set()
        if unknown := found - singular - plural:
            problems.append(f"unknown placeholder {', '.join(sorted(unknown))}")
        if lost := plural - found - omissible:
            problems.append(f"placeholder {', '.join(sorted(lost))} is lost")
        if _has_stray_percent(form):
            problems.append("stray % (write %%)")
    return problems


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _has_stray_percent(text: str) -> bool:
    return "%" in _FORMAT_LEFT.sub("", text)


def _is_translated(message: Message) -> bool:
    return all(forms_of(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit status 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m shop.i18n.catalogues", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("extract", help="bring messages.pot and the PO files up to date with the source")
    merging = commands.add_parser("merge", help="fill in translations from JSON files")
    merging.add_argument("files", nargs="+", type=Path)
    merging.add_argument("--replace", action="store_true", help="also where there is a translation already")
    commands.add_parser("check", help="name what is missing, fuzzy, unused or has other placeholders")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    if options.command == "extract":
        run_extract()
    elif options.command == "merge":
        problems = run_merge(options.files, options.replace)
    else:
        problems = check()
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
