"""What time does by itself."""

from shop.demo.double import balance, sessions
from shop.demo.double.state import State


def tick(state: State) -> None:
    """Expire sessions and write balance transactions whose time has come, in the order of those times per kind."""
    with state.lock:
        now = state.now()
        row = state.db.execute(
            "SELECT 1 FROM object WHERE kind IN (?, ?) AND due <= ? LIMIT 1", (sessions.KIND, balance.JOB, now)
        ).fetchone()
        if row is None:
            return
        with state.transaction():
            sessions.close_due(state, now)
            balance.book_due(state, now)
