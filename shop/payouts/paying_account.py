"""From which account the operator pays the makers: a dated decision of its own."""

import re

from shop.core import clock
from shop.core.errors import Invalid
from shop.i18n.messages import gettext as _
from shop.payouts.bank_text import can_be_written
from shop.payouts.rib import compact, is_iban, is_rib
from shop.programme.decisions import write_decision

POLICY = "paying_account"
BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


def decide_paying_account(*, name: str, account: str, bic: str, actor: int) -> None:
    """From today on makers are paid from this account: an IBAN or a RIB, with the bank's BIC where it needs one.

    Raises Invalid. Batches that were approved keep the account they were approved with.
    """
    number, code, name = compact(account), compact(bic), " ".join(name.split())
    fields = {}
    if not can_be_written(name):
        fields["name"] = _("Write the name in Latin letters, as it stands at the bank.")
    if not (is_iban(number) or is_rib(number)):
        fields["account"] = _("This is neither an IBAN nor a RIB. Copy it from the bank’s certificate.")
    if code and not BIC.fullmatch(code):
        fields["bic"] = _("A BIC has 8 or 11 signs, as in BCMAMAMC.")
    if fields:
        raise Invalid(_("This account cannot be taken."), fields)
    write_decision(POLICY, {"name": name, "account": number, "bic": code}, clock.today(), actor=actor)
