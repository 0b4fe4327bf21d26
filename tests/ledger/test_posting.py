"""The posting rules on generated histories: whatever is sold, converted, given back and contested, the books come out even."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core.money import allocate
from shop.ledger import accounts, posting
from shop.ledger.books import Books, Part, Posted, Row, Terms
from shop.ledger.posting import Extras, Movement
from tests.ledger.histories import INTENT, Life, make_life, play, settle_all

ONE = Terms(line_id=1, unit_id=7, net_minor=10_000, tax_minor=0, commission_minor=1_000)


def life_of(*terms: Terms, currency: str = "EUR", settlement: str = "EUR", extras: Extras | None = None) -> Life:
    life = Life(Random(1), list(terms), currency, settlement, extras or Extras())
    life.write("payment", INTENT, posting.sale_parts(list(terms), currency, life.extras))
    return life


def arrives(life: Life, minor: int, fee: int, currency: str = "EUR") -> None:
    moved = Movement("txn_1", minor, fee, currency)
    assert life.write("balance", "txn_1", posting.charge_arrives(life.books, INTENT, moved))


def give_back(life: Life, cause: str, *parts: Part) -> None:
    assert life.write("refund", cause, posting.money_back(life.books, parts, life.currency))


def refund_arrives(life: Life, cause: str, gross: int, currency: str = "EUR") -> None:
    moved = Movement(f"txn_{cause}", gross, 0, currency)
    assert life.write("balance", moved.id, posting.reversal_arrives(life.books, "refund", cause, INTENT, moved))


def test_generated_histories_keep_every_invariant() -> None:
    found = [text for seed in range(800) for text in play(seed)]
    assert found == []


def test_a_history_with_a_broken_rule_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # The control: the same histories complain when a rule divides by the whole instead of by what is left.
    honest = Books.split

    def careless(books: Books, line_id: int, minor: int) -> object:
        found, line = honest(books, line_id, minor), books.terms[line_id]
        return replace(found, commission_minor=line.commission_minor * minor // line.gross_minor + (minor > 3))

    monkeypatch.setattr(Books, "split", careless)
    assert any(play(seed) for seed in range(60))


def test_partial_refunds_in_any_order_with_a_failure_between_come_out_exactly() -> None:
    life = life_of(replace(ONE, net_minor=1_000, commission_minor=333, tax_minor=200))
    for cause, minor in (("re_1", 7), ("re_2", 401), ("re_3", 1)):
        give_back(life, cause, Part("line", minor, 1))
    assert life.write("refund_failed", "re_2", posting.undo(life.books, "refund", "re_2"))
    assert life.books.left_of_line(1) == 1_200 - 8
    give_back(life, "re_4", Part("line", 1_192, 1))
    assert life.balances() == {}
    with pytest.raises(ValueError, match="cannot go back"):
        posting.money_back(life.books, [Part("line", 1, 1)], "EUR")


def test_a_discount_goes_back_with_the_line_it_was_given_on() -> None:
    life = life_of(ONE, extras=Extras(discounts={1: 2_500}))
    assert posting.owed(life.books.rows("payment", INTENT)) == 7_500
    give_back(life, "re_1", Part("line", 2_500, 1))
    assert life.balances()[accounts.DISCOUNT, "EUR"] == -(2_500 - 833)
    give_back(life, "re_2", Part("line", 5_000, 1))
    assert life.balances() == {}


def test_each_account_gives_back_what_the_sale_brought_it_and_the_operator_bears_the_difference() -> None:
    life = life_of(ONE, currency="USD")
    arrives(life, 9_200, 300)
    assert life.balances()[accounts.pending(7), "EUR"] == 8_280 - 300
    give_back(life, "re_1", Part("line", 10_000, 1))
    refund_arrives(life, "re_1", -9_500)
    assert life.balances() == {
        (accounts.STRIPE_BALANCE, "EUR"): 600,
        (accounts.PAYMENT_FEES, "EUR"): -300,
        (accounts.FX_DIFFERENCE, "EUR"): -300,
    }


def test_a_maker_who_bears_losses_bears_the_difference_and_the_fee_stripe_keeps() -> None:
    life = life_of(replace(ONE, loss_bearer="maker", fee_bearer="operator"), currency="USD")
    arrives(life, 9_200, 300)
    give_back(life, "re_1", Part("line", 10_000, 1))
    refund_arrives(life, "re_1", -9_500)
    # Of the difference the maker bears the part on the maker's nine tenths and on the line's commission: all of it.
    assert life.balances()[accounts.pending(7), "EUR"] == -600
    assert accounts.FX_DIFFERENCE not in {account for account, _currency in life.balances()}


def test_the_fee_follows_what_is_still_sold() -> None:
    life = life_of(ONE, replace(ONE, line_id=2, fee_bearer="operator"))
    arrives(life, 20_000, 601)
    assert life.books.fee_borne(1) == 301
    give_back(life, "re_1", Part("line", 4_000, 1))
    refund_arrives(life, "re_1", -4_000)
    assert life.books.fee_borne(1) == 301 - 120
    assert life.write("refund_failed", "re_1", posting.undo(life.books, "refund", "re_1"))
    back = posting.undo_arrives(life.books, "refund_failed", "re_1", Movement("txn_f", 4_000, 0, "EUR"))
    assert life.write("balance", "txn_f", back)
    assert life.books.fee_borne(1) == 301


def test_a_dispute_takes_what_is_left_and_the_rest_is_a_loss() -> None:
    life = life_of(ONE)
    arrives(life, 10_000, 0)
    give_back(life, "re_1", Part("line", 6_000, 1))
    assert life.write("dispute", "dp_1", posting.funds_withdrawn(life.books, INTENT, 10_000, "EUR"))
    assert life.balances()[accounts.LOSSES, "EUR"] == -6_000
    assert life.balances()[accounts.pending(7), "EUR"] == 0


@pytest.mark.parametrize(("bearer", "kept"), [("operator", 9_000), ("maker", 0)])
def test_who_bears_a_lost_dispute_is_on_the_line(bearer: str, kept: int) -> None:
    life = life_of(replace(ONE, loss_bearer=bearer, fee_bearer="operator"))
    arrives(life, 10_000, 0)
    assert life.write("dispute", "dp_1", posting.funds_withdrawn(life.books, INTENT, 10_000, "EUR"))
    moved = Movement("txn_d", -10_000, 1_500, "EUR")
    rows = posting.reversal_arrives(life.books, "dispute", "dp_1", INTENT, moved, accounts.DISPUTE_FEES)
    assert life.write("balance", "txn_d", rows)
    life.write("dispute_lost", "dp_1", posting.dispute_lost(life.books, "dp_1"))
    assert life.balances()[accounts.pending(7), "EUR"] == kept
    assert life.balances()[accounts.DISPUTE_FEES, "EUR"] == -1_500


def test_what_must_wait_waits() -> None:
    life = life_of(ONE)
    give_back(life, "re_1", Part("line", 100, 1))
    moved = Movement("txn_1", -100, 0, "EUR")
    assert posting.charge_arrives(life.books, "pi_other", moved) is None
    assert posting.reversal_arrives(life.books, "refund", "re_1", INTENT, moved) is None
    assert posting.undo_arrives(life.books, "refund_failed", "re_1", moved) is None


def test_an_amount_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="Stripe reports 9999 where the books say 10000"):
        posting.charge_arrives(life_of(ONE).books, INTENT, Movement("txn_1", 9_999, 0, "EUR"))


def test_the_books_made_again_from_the_raw_movements_are_the_same() -> None:
    # Each rule decides from the rows before it alone: cut the books anywhere and the next rows come out again.
    life = make_life(Random(11))
    settle_all(life)
    position = next(index for index, p in enumerate(life.posted) if p.source == "balance")
    stands = [p.row for p in life.posted[position:] if p.source == "balance"]
    gross = next(row for row in stands if row.leg.startswith("gross:"))
    fee = sum(row.minor for row in stands if row.leg == "fee")
    moved = Movement(life.posted[position].source_id, gross.minor, fee, gross.currency)
    again = posting.charge_arrives(Books(life.terms, life.posted[:position]), INTENT, moved)
    assert again == stands


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_allocated_parts_sum_to_the_whole(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * whole - total * weight) < whole


def test_money_for_nothing_passes_through_suspense() -> None:
    rows = [*posting.foreign_payment(500, "EUR"), *posting.foreign_back(500, "EUR")]
    found: Counter[str] = Counter()
    for row in rows:
        found[row.credit] += row.minor
        found[row.debit] -= row.minor
    assert not any(found.values())
    assert Books([], [Posted("payment", "pi_2", Row(*vars_of(rows[0])))]).is_foreign("pi_2")


def vars_of(row: Row) -> tuple[object, ...]:
    return (row.leg, row.debit, row.credit, row.minor, row.currency)
