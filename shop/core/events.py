"""Facts a service records; subscribers turn them into rows of the same transaction.

A handler runs just before the commit and may only write rows (a letter, an audit line, a job): so what happened and who
will be told commit together. Handlers never touch the network and never record further events.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

_handlers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(event_type: type, handler: Callable[[Any], None]) -> None:
    """Called once at start, by the app, which knows every room."""
    if handler not in _handlers[event_type]:
        _handlers[event_type].append(handler)


def dispatch(event: object) -> None:
    for handler in _handlers[type(event)]:
        handler(event)
