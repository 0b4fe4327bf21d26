import pytest

from shop.i18n.countries import COUNTRY_CODES, list_countries
from shop.i18n.fold import fold
from shop.i18n.messages import use_language
from shop.i18n.regions import REGIONS, region_name


def test_morocco_has_twelve_regions_with_the_codes_of_the_census() -> None:
    assert list(REGIONS) == [f"{number:02}" for number in range(1, 13)]
    assert all(region.ar and region.fr and region.en for region in REGIONS.values())
    with use_language("ar"):
        assert region_name("07") == "مراكش-آسفي"
    assert region_name("03", "fr") == "Fès-Meknès"


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    assert len(COUNTRY_CODES) == 250
    assert {"MA", "EH", "XK", "TW", "PS"} <= COUNTRY_CODES
    assert not {"EU", "UN", "ZZ", "001"} & COUNTRY_CODES


@pytest.mark.parametrize("language", ["ar", "fr", "en"])
def test_domestic_codes_are_never_foreign_countries(language: str) -> None:
    countries = list_countries(["MA", "EH"], language=language)
    assert len(countries) == 248
    assert not {"MA", "EH"} & {code for code, _name in countries}


@pytest.mark.parametrize("language", ["ar", "fr", "en"])
def test_countries_stand_in_alphabetical_order(language: str) -> None:
    names = [fold(name) for _code, name in list_countries([], language=language)]
    assert names == sorted(names)


def test_accents_do_not_move_a_country_to_the_end() -> None:
    names = [name for _code, name in list_countries([], ["US", "FI", "ES", "ET"], "fr")]
    assert names == ["Espagne", "États-Unis", "Éthiopie", "Finlande"]
