"""What time does by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from shop.demo.double import balance, debits, disputes, payouts, refunds, sessions
from shop.demo.double.state import State

# Each takes the state and the job that asked for it; jobs are gone by then.
WORK: Mapping[str, Callable[[State, dict[str, Any]], object]] = {
    "book": balance.book_late,
    "succeed_refund": refunds.succeed,
    "fail_refund": refunds.fail,
    "decide_debit": debits.decide,
    "decide_dispute": disputes.decide,
    "arrive": payouts.arrive,
    "run_payouts": payouts.run,
}


def tick(state: State) -> None:
    """Do what has become due, in the order of its time and as if it were done then."""
    with state.lock:
        now = state.now()
        if state.next_due(now) is None:
            return
        with state.transaction():
            while (found := state.next_due(now)) is not None:
                due, thing = found
                with state.as_of(due):
                    if thing["object"] == sessions.KIND:
                        sessions.close(state, thing)
                    else:
                        state.remove(thing["id"])
                        WORK[thing["work"]](state, thing)
