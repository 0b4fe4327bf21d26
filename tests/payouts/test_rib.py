"""Bank account numbers: those that banks have printed are taken however they are written, any slip of the pen is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.payouts.rib import RibWrong, compact, grouped, is_iban, is_rib, key_of, masked, parse_rib

# The example of the IBAN Registry, and two accounts at Bank Al-Maghrib that took the public's gifts (March 2020, September
# 2023), as the press printed them.
REGISTRY = "011519000001205000534921"
PANDEMIC, EARTHQUAKE = "001 810 00 780 002 011 062 02 21", "001 810 00 780 002 011 062 03 18"

digits = st.text("0123456789", min_size=22, max_size=22)


@pytest.mark.parametrize("printed", [REGISTRY, PANDEMIC, EARTHQUAKE, f"MA64 {REGISTRY}", "٠١١-519-0000012050005349-21"])
def test_numbers_of_real_accounts_are_taken_as_they_are_printed(printed: str) -> None:
    rib = parse_rib(printed)
    assert is_rib(rib)
    assert parse_rib(grouped(rib)) == rib


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "digits"),
        ("01151900000120500053492", "length"),
        (REGISTRY + "0", "length"),
        ("011519000001205000534922", "key"),
        ("O11519000001205000534921", "digits"),
        (f"FR64{REGISTRY}", "digits"),
    ],
)
def test_what_is_wrong_is_named(typed: str, why: str) -> None:
    with pytest.raises(RibWrong) as wrong:
        parse_rib(typed)
    assert wrong.value.why == why
    assert not is_rib(typed)


@given(digits, st.integers(0, 23), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(first: str, place: int, by: int) -> None:
    rib = first + key_of(first)
    assert parse_rib(rib) == rib
    slipped = rib[:place] + str((int(rib[place]) + by) % 10) + rib[place + 1 :]
    with pytest.raises(RibWrong):
        parse_rib(slipped)


@given(digits, st.integers(0, 22))
def test_two_neighbours_that_changed_places_are_found(first: str, place: int) -> None:
    rib = first + key_of(first)
    swapped = rib[:place] + rib[place + 1] + rib[place] + rib[place + 2 :]
    assert swapped == rib or not is_rib(swapped)


def test_a_masked_number_shows_the_bank_and_its_end_alone() -> None:
    assert masked(REGISTRY) == "011 ••• •••• 49 21"


def test_an_iban_has_its_check_digits() -> None:
    assert is_iban(compact("FR14 2004 1010 0505 0001 3M02 606"))
    assert is_iban("MA64" + REGISTRY)
    assert not is_iban("FR1420041010050500013M02607")
    assert not is_iban(REGISTRY)
