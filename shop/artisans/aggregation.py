"""Which aggregator carries a unit. Whether it may sell is decided by the aggregator's own dated membership."""

from shop.artisans.models import Unit
from shop.artisans.queries import get_unit_by_id
from shop.core.errors import Invalid
from shop.core.policies import audit
from shop.i18n import gettext as _


def put_under_aggregator(unit_id: int, aggregator_id: int | None, *, actor: int | None) -> Unit:
    """Let an aggregator carry a unit, or none. Raises Invalid for a carrier that is none, NotFound."""
    unit = get_unit_by_id(unit_id)
    carrier = get_unit_by_id(aggregator_id) if aggregator_id is not None else None
    if carrier is not None and (carrier.legal_form != "aggregator" or carrier.id == unit.id):
        text = _("Choose an aggregator from the list.")
        raise Invalid(text, {"aggregator": text})
    if carrier is not None and unit.legal_form == "aggregator":
        text = _("An aggregator is not carried by another.")
        raise Invalid(text, {"aggregator": text})
    before, unit.aggregator_id = unit.aggregator_id, aggregator_id
    audit(actor, "put under aggregator", "unit", unit.public_id, before=before, after=aggregator_id)
    return unit
