"""Every picture of the demonstration, drawn and encoded by as many processes as there are cores.

The processes draw and write files, nothing else; the rows are written here, by the process that owns the database.
"""

import os
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from random import Random
from types import TracebackType

from PIL import Image

from shop.core import clock, runtime
from shop.core.config import Settings
from shop.core.db import transaction
from shop.demo.content.load import Content
from shop.demo.drawings.draw import draw, draw_maker
from shop.media.images import Cleaned, clean_image, keep

Key = tuple[str, str, str]
# A piece fills a page; its detail and its size stand beside it. Larger ones would not be ready within the minute.
SIZES = {"piece": (900, 1125), "maker": (800, 1000), "detail": (680, 850), "scale": (640, 800)}
AWAITED = "piece"
BLANK = (160, 200)
BACKGROUND = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What to draw: `name` is a motif, or a craft for a maker's place of work."""

    view: str
    name: str
    palette: str
    seed: int


def _prepare(settings: Settings) -> None:
    """In each drawing process, however it was started: where pictures are kept. Ctrl-C is the loader's to answer."""
    runtime.install(settings)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_picture(request: Request) -> Cleaned:
    """Draw one picture and write its files."""
    if request.view != AWAITED and hasattr(os, "setpriority"):
        # While pieces are drawn the loader waits for them; what follows gives way to it.
        os.setpriority(os.PRIO_PROCESS, 0, BACKGROUND)
    size = SIZES[request.view]
    if request.view == "maker":
        image = draw_maker(request.name, request.palette, request.seed, size)
    else:
        image = draw(request.name, request.palette, request.seed, request.view, size)
    return clean_image(image, lasting=False)


def _blank_picture(request: Request) -> Cleaned:
    """One colour instead of a drawing, for tests that are not about pictures."""
    chance = Random(f"{request.view}/{request.name}/{request.palette}/{request.seed}")
    return clean_image(
        Image.new("RGB", BLANK, (chance.randrange(256), chance.randrange(256), chance.randrange(256))), lasting=False
    )


def list_requests(content: Content) -> dict[Key, Request]:
    """(kind, key, view) of every picture: what is needed first stands first."""
    wanted: dict[Key, Request] = {}
    for product in content.products.values():
        wanted["product", product.key, "piece"] = Request(
            "piece", product.drawing.motif, product.drawing.palette, product.drawing.seed
        )
    for unit in content.units.values():
        scene = unit.maker_drawing
        wanted["unit", unit.key, "maker"] = Request("maker", scene.craft, scene.palette, scene.seed)
    for view in ("detail", "scale"):
        for product in content.products.values():
            if view in product.drawing.views:
                wanted["product", product.key, view] = Request(
                    view, product.drawing.motif, product.drawing.palette, product.drawing.seed
                )
    return wanted


class Studio:
    """Pictures under way: `take` waits for some and gives their ids. Use as a context; leaving it abandons the rest."""

    def __init__(
        self, requests: dict[Key, Request], settings: Settings, *, drawn: bool, watch: Callable[[int, int], None]
    ) -> None:
        """`watch(done, total)` is called while somebody waits."""
        self._requests, self._watch, self._seen = requests, watch, 0
        workers = os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(workers, initializer=_prepare, initargs=(settings,)) if drawn else None
        self._futures: dict[Key, Future[Cleaned]] = {}

    def __enter__(self) -> "Studio":
        if self._pool is not None:
            self._futures = {key: self._pool.submit(make_picture, request) for key, request in self._requests.items()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Wait for pictures and keep them: their ids. Opens its own transaction once all are there."""
        cleaned = {key: self._wait(key) for key in keys}
        with transaction():
            now = clock.now()
            return {key: keep(picture, uploaded_by=None, drawing=True, now=now).id for key, picture in cleaned.items()}

    def _wait(self, key: Key) -> Cleaned:
        if self._pool is None:
            return _blank_picture(self._requests[key])
        cleaned = self._futures[key].result()
        done = sum(future.done() for future in self._futures.values())
        if done != self._seen:
            self._seen = done
            self._watch(done, len(self._futures))
        return cleaned
