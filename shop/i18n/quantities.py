"""How much of something, in the words it is sold by. Areas and lengths keep their figures apart from the words around."""

from shop.i18n.formats import number
from shop.i18n.messages import gettext as _
from shop.i18n.messages import ngettext


def how_many(quantity: int, sale_unit: str) -> str:
    """As in 4 m², 2 pairs, 3 pieces, in the current language's plural; `sale_unit` as in catalogue.models."""
    if sale_unit == "m2":
        return _("%(amount)s m²", amount=number(quantity))
    if sale_unit == "m":
        return _("%(amount)s m", amount=number(quantity))
    if sale_unit == "pair":
        return ngettext("%(num)s pair", "%(num)s pairs", quantity)
    if sale_unit == "set":
        return ngettext("%(num)s set", "%(num)s sets", quantity)
    return ngettext("%(num)s piece", "%(num)s pieces", quantity)
