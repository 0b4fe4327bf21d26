"""The twelve regions of Morocco since 2015. CLDR still has the sixteen of before.

Codes, French and Arabic names as the High Commission for Planning writes them (census of 2024, CC BY 4.0).
"""

from dataclasses import dataclass

from shop.i18n.messages import current_language


@dataclass(frozen=True, slots=True)
class Region:
    """One region; `code` is the two digits of the national code."""

    code: str
    ar: str
    fr: str
    en: str

    def name(self, language: str | None = None) -> str:
        """The name in a language, the current one unless said."""
        return {"ar": self.ar, "fr": self.fr, "en": self.en}[language or current_language()]


REGIONS: dict[str, Region] = {
    region.code: region
    for region in (
        Region("01", "طنجة-تطوان-الحسيمة", "Tanger-Tétouan-Al Hoceima", "Tangier-Tetouan-Al Hoceima"),
        Region("02", "الشرق", "Oriental", "Oriental"),
        Region("03", "فاس-مكناس", "Fès-Meknès", "Fez-Meknes"),
        Region("04", "الرباط-سلا-القنيطرة", "Rabat-Salé-Kénitra", "Rabat-Salé-Kénitra"),
        Region("05", "بني ملال-خنيفرة", "Béni Mellal-Khénifra", "Béni Mellal-Khénifra"),
        Region("06", "الدار البيضاء-سطات", "Casablanca-Settat", "Casablanca-Settat"),
        Region("07", "مراكش-آسفي", "Marrakech-Safi", "Marrakech-Safi"),
        Region("08", "درعة-تافيلالت", "Drâa-Tafilalet", "Drâa-Tafilalet"),
        Region("09", "سوس-ماسة", "Souss-Massa", "Souss-Massa"),
        Region("10", "كلميم-واد نون", "Guelmim-Oued Noun", "Guelmim-Oued Noun"),
        Region("11", "العيون-الساقية الحمراء", "Laâyoune-Sakia El Hamra", "Laâyoune-Sakia El Hamra"),
        Region("12", "الداخلة-وادي الذهب", "Dakhla-Oued Ed-Dahab", "Dakhla-Oued Ed-Dahab"),
    )
}


def region_name(code: str, language: str | None = None) -> str:
    """Name of a region by its code; KeyError for a code that is none."""
    return REGIONS[code].name(language)
