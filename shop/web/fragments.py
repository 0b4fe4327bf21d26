"""Pieces of HTML that stand on many pages, kept by everything they are made of: none ever has to be thrown away.

A card of a list is made once for a piece as it stands, not for each list it stands in; the choices beside a list once for
the shelf and the question. Bounded by the characters kept and what goes with each, for each process; what was not used for
longest goes first. Nothing is kept of what came to nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from flask import Flask, current_app
from markupsafe import Markup

MOST_BYTES = 7 * 1024 * 1024
# What an entry takes besides, its key above all, which may hold on to a card.
EACH = 1_000


class Fragments:
    """The store of one process."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._size = most, 0
        # Encoded: in memory one quotation mark makes each character of a text two bytes.
        self._made: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Markup]) -> Markup:
        """What is kept under a key; made now if nothing is."""
        found = self._made.get(key)
        if found is not None:
            with self._lock:
                if key in self._made:
                    self._made.move_to_end(key)
            return Markup(found.decode())
        made = make()
        if not made:
            return made
        encoded = made.encode()
        with self._lock:
            earlier = self._made.pop(key, None)
            self._size += len(encoded) - len(earlier) if earlier is not None else len(encoded) + EACH
            self._made[key] = encoded
            while self._size > self._most:
                _key, gone = self._made.popitem(last=False)
                self._size -= len(gone) + EACH
        return made


def init_fragments(app: Flask) -> None:
    """Give an application a store of its own: what is made may rest on its settings."""
    app.extensions["fragments"] = Fragments()


def render_part(template: str, macro: str, *arguments: object, **options: object) -> Markup:
    """What a macro of a template makes of some values; it sees nothing of the request."""
    made: Markup = getattr(current_app.jinja_env.get_template(template).module, macro)(*arguments, **options)
    return made


def fragment(key: Hashable, make: Callable[[], Markup]) -> Markup:
    """A fragment of the current application. The key names everything it is made of, its language too."""
    store: Fragments = current_app.extensions["fragments"]
    return store.get(key, make)
