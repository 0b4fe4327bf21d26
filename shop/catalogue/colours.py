"""The colour of a piece, as its title and options name it: nobody is asked for it a second time."""

from collections.abc import Iterable

from shop.i18n.fold import tokens

# In the order a list of colours is shown, each with what people call it; dyes and stones stand for their colour.
_NAMES = {
    "white": "white blanc blanche أبيض بيضاء milk lait حليبي lime chaux الجير",
    "black": "black noir noire أسود سوداء ink encre",
    "grey": "grey gray gris grise رمادي رمادية",
    "brown": "brown brun brune marron بني بنية",
    "red": "red rouge أحمر حمراء madder garance الفوة",
    "pink": "pink rose وردي وردية",
    "orange": "orange برتقالي برتقالية",
    "yellow": "yellow jaune أصفر صفراء saffron safran الزعفران",
    "green": "green vert verte أخضر خضراء",
    "blue": "blue bleu bleue أزرق زرقاء indigo النيلة cobalt كوبالت",
    "purple": "purple violet violette بنفسجي بنفسجية",
}
COLOURS = tuple(_NAMES)
_COLOUR_OF = {word: code for code, names in _NAMES.items() for word in tokens(names)}


def colours_of(texts: Iterable[str]) -> list[str]:
    """Codes of the colours that some texts of a piece name, in the order of COLOURS."""
    named = {_COLOUR_OF.get(word) for text in texts for word in tokens(text)}
    return [code for code in COLOURS if code in named]
