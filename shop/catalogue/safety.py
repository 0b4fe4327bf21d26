"""Who answers for the pieces in the European Union (Regulation (EU) 2023/988, art. 16): a dated decision of the operator."""

from shop.core import clock
from shop.core.emails import normal_email
from shop.core.errors import Invalid
from shop.core.policies import audit, decide_policy
from shop.i18n.messages import gettext as _

POLICY = "eu_responsible_person"


def decide_responsible_person(*, name: str, postal_address: str, email: str, actor: int | None) -> None:
    """From today this person stands on every product page. Inside a transaction. Raises Invalid, which names the fields."""
    fields = {}
    if not name:
        fields["name"] = _("Enter the name.")
    if not postal_address:
        fields["postal_address"] = _("Enter the postal address.")
    email = normal_email(email)
    if not email:
        fields["email"] = _("Enter an e-mail address, like name@example.com.")
    if fields:
        raise Invalid(_("There is a problem"), fields)
    person = {"name": name, "postal_address": postal_address, "email": email}
    before = decide_policy(POLICY, person, clock.today())
    audit(actor, "decide responsible person", "policy", POLICY, before=before, after=person)
