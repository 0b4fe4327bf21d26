"""What is to happen later: notes the API never shows. `timeline` reads them when their time has come."""

from typing import Any

from shop.demo.double.state import State

KIND = "job"


def later(state: State, due: int, work: str, source: str, **values: Any) -> None:
    """Note that `work` is to be done to the object `source` at a time; `timeline.WORK` says what that is."""
    job = {"id": state.new_id("job_"), "object": KIND, "created": state.now(), "work": work, "source": source}
    state.add(job | values, due=due)


def find(state: State, work: str, source: str) -> tuple[str, int] | None:
    """The job that is noted for an object: its identifier and when it is due."""
    row = state.db.execute(
        "SELECT id, due FROM object WHERE kind = ? AND json_extract(body, '$.source') = ?"
        " AND json_extract(body, '$.work') = ? ORDER BY due LIMIT 1",
        (KIND, source, work),
    ).fetchone()
    return (row["id"], row["due"]) if row else None


def drop(state: State, work: str, source: str) -> bool:
    """Forget a job; whether there was one."""
    found = find(state, work, source)
    if found:
        state.remove(found[0])
    return found is not None


def hurry(state: State, source: str | None = None) -> int:
    """Make due now what waits, for one object or for all; how much that is."""
    where, values = "kind = ? AND due > ?", [KIND, state.now()]
    if source:
        where, values = where + " AND json_extract(body, '$.source') = ?", [*values, source]
    return state.db.execute(f"UPDATE object SET due = ? WHERE {where}", (state.now(), *values)).rowcount
