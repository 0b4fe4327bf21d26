"""The first page: one piece and its maker in their own words, then what else there is."""

from dataclasses import dataclass

from flask import Blueprint, g, render_template

from shop.catalogue.facets import Filters
from shop.catalogue.makers import Maker, list_makers
from shop.catalogue.queries import Card, CraftTile, count_figures, list_cards, list_crafts
from shop.core import clock
from shop.core.kept import kept
from shop.core.policies import get_policy
from shop.core.versions import LIST, of_piece
from shop.i18n.messages import current_language, ngettext
from shop.i18n.messages import gettext as _
from shop.i18n.regions import REGIONS
from shop.shipping.queries import kept_tariff
from shop.web.page_cache import rests_on
from shop.web.storefront import structured
from shop.web.storefront.chrome import link

blueprint = Blueprint("home", __name__)

PIECES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Lead:
    """The piece that opens the shop today, and who made it."""

    card: Card
    maker: Maker


@blueprint.get("/")
def show() -> str:
    language = current_language()
    makers = kept(("makers", language, clock.today()), lambda: list_makers(language), [LIST])
    newest = list_cards(language, g.currency, Filters(), 24)
    unique = list_cards(language, g.currency, Filters(kind=("one_of_a_kind",)), 24)
    lead = _choose_lead(unique, makers) or _choose_lead(newest, makers)
    fresh = [card for card in (*unique[:4], *newest) if lead is None or card.public_id != lead.card.public_id]
    rests_on(LIST, *(of_piece(card.id) for card in (*unique, *newest)))
    units, people, pieces = count_figures()
    return render_template(
        "storefront/home/show.html",
        lead=lead,
        crafts=_one_per_family(list_crafts(language)),
        fresh=_without_twins(fresh)[:PIECES_SHOWN],
        regions=_regions(makers),
        units=units,
        people=people,
        pieces=pieces,
        countries=len(kept_tariff(g.currency).destinations()),
        structured=structured.shop(_("Khatem"), get_policy("operator")),
        image=structured.share_image(card.picture for card in ([lead.card] if lead else fresh)),
    )


def _one_per_family(crafts: list[CraftTile]) -> list[CraftTile]:
    """The first craft of each family, in their order: the others are one page away."""
    return list({craft.family: craft for craft in reversed(crafts)}.values())[::-1]


def _choose_lead(cards: tuple[Card, ...], makers: list[Maker]) -> Lead | None:
    """Another piece every day, of a maker who says something in their own words, with a picture."""
    speaking = {maker.public_id: maker for maker in makers if maker.words}
    fitting = [card for card in _without_twins(cards) if card.picture and card.maker_id in speaking]
    if not fitting:
        return None
    card = fitting[clock.today().toordinal() % len(fitting)]
    return Lead(card, speaking[card.maker_id])


def _without_twins(cards: list[Card] | tuple[Card, ...]) -> list[Card]:
    return list({card.public_id: card for card in cards}.values())


def _regions(makers: list[Maker]) -> list[dict[str, str]]:
    """The twelve regions with the number of their makers; one where nobody sells yet leads nowhere."""
    counts = {code: sum(maker.region == code for maker in makers) for code in REGIONS}
    return [
        {
            "code": code,
            "name": region.name(),
            "url": link("artisans.index", region=code) if counts[code] else "",
            "count_text": ngettext("%(num)s maker", "%(num)s makers", counts[code]),
        }
        for code, region in REGIONS.items()
    ]
