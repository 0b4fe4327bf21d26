"""Handles as they are compared: one spelling for each telephone and each mailbox."""

import phonenumbers

from shop.accounts.errors import HandleInvalid
from shop.core.emails import normal_email
from shop.i18n import gettext as _

HOME_REGION = "MA"


def normalise_phone(text: str) -> str:
    """A telephone number in E.164, as 06… is typed in Morocco or with a country code. Raises HandleInvalid."""
    refused = _("This is not a telephone number. Type it like 0612345678.")
    try:
        number = phonenumbers.parse(text.strip(), HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise HandleInvalid(refused, {"phone": refused}) from error
    if not phonenumbers.is_possible_number(number):
        raise HandleInvalid(refused, {"phone": refused})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_email(text: str) -> str:
    """An e-mail address, case-folded. Raises HandleInvalid."""
    email = normal_email(text).casefold()
    if not email:
        refused = _("This is not an e-mail address.")
        raise HandleInvalid(refused, {"email": refused})
    return email


def normalise_handle(text: str) -> tuple[str, str]:
    """(kind, value) of what somebody typed to sign in. Raises HandleInvalid."""
    if "@" in text:
        return "email", normalise_email(text)
    return "phone", normalise_phone(text)


def shown_phone(value: str) -> str:
    """An E.164 number as people read it: nationally within Morocco, internationally otherwise."""
    number = phonenumbers.parse(value, None)
    own = phonenumbers.region_code_for_number(number) == HOME_REGION
    style = phonenumbers.PhoneNumberFormat.NATIONAL if own else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)
