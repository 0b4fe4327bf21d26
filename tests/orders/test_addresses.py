"""Address forms of the countries buyers write from."""

import pytest

from shop.core.errors import Invalid
from shop.i18n import use_language
from shop.orders.addresses import address_fields, check_buyer, envelope_lines

BUYER = {
    "email": "A.Buyer@Example.org",
    "name": "A Buyer",
    "phone": "+33 (0)6 12 34 56 78",
    "street_address": "1 Main St\r\n\r\nFlat 2",
}


@pytest.mark.parametrize(
    ("country", "names"),
    [
        ("US", ["street_address", "city", "country_area", "postal_code"]),
        ("JP", ["street_address", "country_area", "postal_code"]),
        ("AE", ["street_address", "country_area"]),
        ("FR", ["street_address", "postal_code", "city"]),
        ("GB", ["street_address", "city", "postal_code"]),
    ],
)
def test_a_form_has_the_lines_of_its_country_in_their_order(country: str, names: list[str]) -> None:
    assert [field.name for field in address_fields(country)] == names


def test_lines_bear_the_names_of_the_country() -> None:
    labels = {country: {f.name: f.label for f in address_fields(country)} for country in ("US", "JP", "AE", "GB")}
    assert (labels["US"]["country_area"], labels["US"]["postal_code"]) == ("State", "ZIP code")
    assert labels["JP"]["country_area"] == "Prefecture"
    assert labels["AE"]["country_area"] == "Emirate"
    assert labels["GB"]["city"] == "Town"


def test_choices_are_written_for_the_reader_once_each() -> None:
    (emirate,) = [field for field in address_fields("AE") if field.name == "country_area"]
    assert [label for _value, label in emirate.choices][:2] == ["Abu Dhabi", "Ajman"]
    with use_language("ar"):
        (emirate,) = [field for field in address_fields("AE") if field.name == "country_area"]
    assert "أبو ظبي" in [label for _value, label in emirate.choices]
    assert len({value for value, _label in emirate.choices}) == len(emirate.choices) == 7


def test_an_answer_is_kept_as_typed_but_for_codes_and_spaces() -> None:
    given = {**BUYER, "city": "Boston", "country_area": "ma", "postal_code": " 02108 ", "price": "1"}
    email, address = check_buyer("US", given)
    assert email == "a.buyer@example.org"
    assert (address["city"], address["country_area"], address["postal_code"]) == ("Boston", "MA", "02108")
    assert address["street_address"] == "1 Main St\nFlat 2"
    assert address["phone"] == "+330612345678"
    assert "price" not in address


def test_digits_of_another_script_are_a_postal_code_too() -> None:
    _email, address = check_buyer("FR", {**BUYER, "city": "Lyon", "postal_code": "٦٩٠٠١"})
    assert address["postal_code"] == "69001"


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        check_buyer("US", {"email": "x", "postal_code": "123"})
    assert set(caught.value.fields) == {
        "email",
        "name",
        "phone",
        "street_address",
        "city",
        "country_area",
        "postal_code",
    }
    assert caught.value.fields["country_area"].startswith("State:")


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        check_buyer("XX", BUYER)
    assert "country" in caught.value.fields


def test_an_address_is_written_as_on_an_envelope_of_its_country() -> None:
    _email, address = check_buyer("JP", {**BUYER, "country_area": "Aichi", "postal_code": "460-0001"})
    assert envelope_lines(address) == ["1 Main St", "Flat 2, Aichi", "460-0001"]
