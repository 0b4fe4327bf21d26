"""Which test protects which of the failure cases that were bugs of other shops. Each is there, under its name.

The numbers are those of the list the shop was built against: overselling, late and repeated news of Stripe, lost answers,
currencies, refunds, disputes, access. 4 and 5 are of vouchers and credit, which the shop does not have.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MAP: dict[int, str] = {
    1: "payments/test_failures.py::test_sixty_buyers_at_once_for_twenty_pieces_get_exactly_twenty",
    2: "payments/test_cases.py::test_one_piece_in_two_lines_is_counted_as_two",
    3: "payments/test_failures.py::test_money_that_arrives_after_the_piece_was_sold_goes_back_by_itself",
    6: "payments/test_cases.py::test_an_abandoned_hold_comes_back_once_however_often_it_is_swept",
    7: "payments/test_failures.py::test_money_that_arrives_after_the_hold_takes_the_stock_again_if_it_is_there",
    8: "payments/test_failures.py::test_one_event_sent_three_times_settles_once",
    9: "payments/test_cases.py::test_a_webhook_and_the_return_page_at_once_make_one_sale",
    10: "payments/test_cases.py::test_old_news_of_a_failure_leaves_a_paid_order_paid",
    11: "payments/test_cases.py::test_three_refused_confirmations_and_then_one_that_holds_are_one_payment",
    12: "payments/test_cases.py::test_news_that_says_nothing_of_money_completes_nothing",
    13: "payments/test_bench.py::test_a_debit_is_awaited_for_days_and_then_pays_or_does_not",
    14: "payments/test_reconcile.py::test_an_error_at_the_door_is_answered_so_that_stripe_sends_the_event_again",
    15: "payments/test_failures.py::test_an_event_of_somebody_elses_money_is_kept_aside_and_answered_200",
    16: "payments/test_reconcile.py::test_an_event_that_is_handled_long_after_it_came_is_not_refused_for_its_age",
    17: "payments/test_review.py::test_the_return_page_never_fails_on_what_stripe_says",
    18: "payments/test_races.py::test_two_clicks_at_once_place_one_order",
    19: "payments/test_crashes.py::test_a_buyer_who_pays_while_the_order_is_being_cancelled_has_bought",
    20: "payments/test_failures.py::test_a_changed_cart_closes_the_earlier_payment_page",
    21: "payments/test_failures.py::test_a_declined_card_leaves_the_page_open_for_another",
    22: "payments/test_failures.py::test_an_answer_lost_after_the_work_was_done_never_makes_a_second_session",
    23: "payments/test_crashes.py::test_a_crash_while_the_payment_is_settled",
    24: "payments/test_failures.py::test_an_answer_lost_for_long_is_looked_up_before_anything_is_opened_again",
    25: "payments/test_cases.py::test_eighty_yen_are_eighty_at_stripe",
    26: "core/test_money.py::test_exponents_follow_stripe",
    27: "shipping/test_charges.py::test_a_tax_on_top_of_2499_at_10_75_per_cent_is_a_whole_number_of_cents",
    28: "ledger/test_posting.py::test_allocated_parts_sum_to_the_whole",
    29: "payments/test_failures.py::test_another_amount_or_currency_than_agreed_goes_to_quarantine",
    30: "payments/test_cases.py::test_an_amount_changed_behind_an_open_page_is_never_booked_as_agreed",
    31: "payments/test_cases.py::test_the_currency_chosen_while_paying_is_not_the_orders",
    32: "payments/test_one_sale.py::test_a_sale_in_dollars_is_converted_at_stripes_rate_and_nothing_stays_in_dollars",
    33: "payments/test_cases.py::test_a_refund_is_in_the_currency_of_its_payment",
    34: "payments/test_failures.py::test_a_refund_asked_twice_is_given_once",
    35: "payments/test_reconcile.py::test_a_refund_whose_answer_was_lost_is_found_and_the_next_part_is_right",
    36: "payments/test_money_back.py::test_a_refund_that_fails_days_later_is_owed_again_and_can_be_asked_for_again",
    37: "payments/test_reconcile.py::test_a_refund_and_a_dispute_that_began_at_stripe_unheard_of_reach_the_order_and_the_books",
    38: "payments/test_money_back.py::test_more_than_is_left_is_refused_before_stripe_hears_of_it",
    39: "payments/test_disputes.py::test_a_chargeback_after_everything_was_given_back_is_the_operators_loss_alone",
    40: "payments/test_disputes.py::test_an_inquiry_that_becomes_a_chargeback_takes_what_was_left_and_stops_refunds",
    41: "payments/test_disputes.py::test_a_chargeback_takes_the_money_and_who_bears_it_is_on_the_line",
    42: "payments/test_money_back.py::test_what_goes_back_goes_back_at_the_terms_of_its_sale",
    43: "payouts/test_batches.py::test_a_refund_after_the_transfer_leaves_a_debt_that_the_next_sale_pays_first",
    44: "payments/test_reconcile.py::test_a_refund_that_could_not_be_taken_up_is_tried_again_and_stands_in_suspense_until_then",
    45: "web/storefront/test_checkout.py::test_somebody_elses_session_shows_nothing",
    46: "orders/test_cart.py::test_a_quantity_that_is_none_is_refused_with_a_sentence",
    47: "house/test_access.py::test_each_gets_what_is_theirs_and_the_refused_change_nothing",
    48: "payments/test_cases.py::test_a_machine_that_begins_orders_is_stopped_and_the_shop_stays_open",
    49: "payments/test_cases.py::test_two_who_read_and_then_write_never_meet_a_locked_database",
    50: "demo/double/test_drift.py::test_somebody_has_looked_at_these_two_versions",
}


@pytest.mark.parametrize("case", MAP)
def test_the_test_that_protects_a_case_exists(case: int) -> None:
    path, _colons, name = MAP[case].partition("::")
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_no_case_is_left_out() -> None:
    assert set(MAP) == set(range(1, 51)) - {4, 5}
