"""Search: the same folded, stemmed words on both sides and on both databases.

A product's words are kept as one line, a space before and after each, so that a word is found by its beginning. What
people write in several ways, or in another script, is one concept here and found by any of its spellings.
"""

from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, or_, select

from shop.catalogue.models import Product, SearchRow
from shop.i18n.fold import tokens

# A question longer than this is not one.
MAX_LENGTH = 100
MAX_WORDS = 8

# Spellings of the trade, in any script. Several words in one spelling would have to stand side by side: there are none.
CONCEPTS = (
    "zellige zellij zelij zillij زليج زلیج",
    "safi asfi آسفي أسفي",
    "fes fez fès فاس",
    "marrakech marrakesh مراكش",
    "tanger tangier tanja طنجة",
    "essaouira mogador الصويرة",
    "meknes meknès مكناس",
    "ouarzazate warzazat ورزازات",
    "taznakht tazenakht taznakht تازناخت",
    "azilal أزيلال",
    "tapis rug carpet zarbia زربية زرابي",
    "kilim hanbel حنبل كليم",
    "poterie pottery fakhar فخار",
    "ceramique ceramic céramique khazaf خزف",
    "babouche belgha balgha slipper بلغة بلاغي",
    "caftan kaftan qaftan قفطان قفاطن",
    "djellaba jellaba جلابة جلباب",
    "pouf pouffe ottoman بوف",
    "cuir leather جلد جلدية",
    "cuivre copper laiton brass نحاس نحاسيات",
    "dinanderie brassware coppersmith نحاسيات",
    "bijou jewel jewellery jewelry bijouterie حلي مجوهرات",
    "argent silver فضة",
    "bois wood خشب",
    "thuya thuja عرعار",
    "fer iron wrought حديد",
    "vannerie basketry basket panier قفة سلة",
    "palmier palm doum دوم نخيل",
    "couverture blanket handira حنديرة غطاء أغطية",
    "laine wool صوف",
    "coussin cushion pillow وسادة وسائد",
    "plateau tray sinia صينية",
    "theiere teapot théière براد",
    "lanterne lantern فانوس فوانيس",
    "tajine tagine طاجين",
    "berbere berber amazigh amazighe أمازيغي أمازيغية",
)


@lru_cache(maxsize=1)
def _concepts() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in CONCEPTS:
        group = frozenset(tokens(line))
        for word in group:
            found[word] = found.get(word, frozenset()) | group
    return found


def words_of(parts: Iterable[str]) -> str:
    """What is kept of a product for search: the words of its titles, maker, craft, materials and place, each once."""
    words = dict.fromkeys(word for part in parts for word in tokens(part))
    return f" {' '.join(words)} " if words else ""


def matches(q: str) -> ColumnElement[bool] | None:
    """Condition on Product: it has every word of a question, in one of its spellings. None where there is no word."""
    words = tokens(q[:MAX_LENGTH])[:MAX_WORDS]
    if not words:
        return None
    return Product.id.in_(select(SearchRow.product_id).where(and_(*(_has(word) for word in words))))


def _has(word: str) -> ColumnElement[bool]:
    spellings = sorted(_concepts().get(word, frozenset()) | {word})
    return or_(*(SearchRow.words.contains(f" {spelling}", autoescape=True) for spelling in spellings))
