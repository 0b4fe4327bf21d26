"""Who issues the invoices: the operator's identity as a dated decision, in the policy "operator"."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from shop.core import clock
from shop.core.emails import normal_email
from shop.core.errors import Invalid
from shop.core.policies import audit, decide_policy
from shop.i18n.fold import fold
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import gettext as _

POLICY = "operator"
# What an invoice names (Moroccan CGI, art. 145; law 15-95 on the commercial register; decree 2-11-63 on the ICE).
NUMBERS = ("ice", "tax_id", "rc", "tp", "cnss")
TEXTS = ("name", "legal_form", "address", "phone", "email", "rc_city", "other_numbers")
WANTED = ("name", "address", "ice", "tax_id", "rc", "rc_city", "tp")
ICE_DIGITS = 15


def decide_issuer(values: Mapping[str, str], from_on: date, *, actor: int | None) -> None:
    """Decide who the operator is from a day on: TEXTS, NUMBERS and exemption_{language}. Inside a transaction.

    Raises Invalid, which names the fields. What was issued before keeps the identity it was issued under.
    """
    issuer: dict[str, Any] = {name: values.get(name, "").strip() for name in TEXTS}
    issuer |= {name: "".join(fold(values.get(name, "")).split()) for name in NUMBERS}
    issuer["exemption"] = {code: values.get(f"exemption_{code}", "").strip() for code in LANGUAGES}
    _check(issuer, from_on)
    before = decide_policy(POLICY, issuer, from_on)
    audit(actor, "decide issuer", "policy", POLICY, from_on=from_on.isoformat(), before=before, after=issuer)


def _check(issuer: Mapping[str, Any], from_on: date) -> None:
    fields = {}
    if not issuer["name"]:
        fields["name"] = _("Enter the name of the operator.")
    if not normal_email(issuer["email"]):
        fields["email"] = _("Enter an e-mail address, like name@example.com.")
    for name in NUMBERS:
        if issuer[name] and not (issuer[name].isascii() and issuer[name].isdigit()):
            fields[name] = _("This number is digits only.")
    if issuer["ice"] and len(issuer["ice"]) != ICE_DIGITS:
        fields["ice"] = _("The ICE has %(count)s digits.", count=ICE_DIGITS)
    if any(":" not in line for line in issuer["other_numbers"].splitlines()):
        fields["other_numbers"] = _(
            "Write each number after its name and a colon, for example “UK VAT: GB 123 4567 89”."
        )
    if from_on < clock.today():
        fields["from_on"] = _("Choose today or a later day: what was issued keeps the identity it was issued under.")
    if fields:
        raise Invalid(_("There is a problem"), fields)


def list_missing(issuer: Mapping[str, Any]) -> list[str]:
    """Names of what an invoice should say of its issuer and cannot, as keys of the policy."""
    return [name for name in WANTED if not issuer.get(name)]
