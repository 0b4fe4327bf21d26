"""The tables of states are closed: every state and action is decided."""

import pytest

from shop.orders import states


@pytest.mark.parametrize(
    ("table", "known"), [(states.ORDER_TABLE, states.ORDER_STATES), (states.LINE_TABLE, states.LINE_STATES)]
)
def test_tables_name_only_known_states(table: dict[tuple[str, str], str], known: tuple[str, ...]) -> None:
    assert {state for state, _ in table} | set(table.values()) <= set(known)


def test_whatever_is_not_in_the_table_is_refused() -> None:
    actions = {action for _, action in states.LINE_TABLE}
    for state in states.LINE_STATES:
        for action in actions:
            if (state, action) in states.LINE_TABLE:
                assert states.next_line_state(state, action) == states.LINE_TABLE[state, action]
            else:
                with pytest.raises(states.TransitionRefused):
                    states.next_line_state(state, action)


def test_a_paid_order_cannot_expire_or_be_cancelled() -> None:
    for action in ("expire", "cancel", "pay", "process"):
        with pytest.raises(states.TransitionRefused):
            states.next_order_state("paid", action)


def test_what_left_the_country_stays_exported_after_its_refund() -> None:
    assert states.next_line_state("handed_over", "refund") == "handed_over"
