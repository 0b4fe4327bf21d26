"""Files made from the whole catalogue, kept in the instance's folder until something public changes.

A sitemap or a feed is as large as the catalogue and asked for by machines at their own pace: it is written once for each
change and day, line by line, and sent as a file.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from flask import Response, current_app, request

from shop.core import clock
from shop.core.versions import lasting_version, public_version

_CHUNK = 256 * 1024
_one_at_a_time = threading.Lock()


def send_kept(name: str, write: Callable[[], Iterable[str]], *, tells_stock: bool = False) -> Response:
    """The XML file `name`, made by `write` unless it was made since the last public change; one of stock counts where
    the file tells of it."""
    version = public_version() if tells_stock else lasting_version()
    mark = f"{version}-{clock.today().isoformat()}"
    folder = current_app.config["SETTINGS"].instance / "kept"
    newest: Path = folder / f"{mark}-{name}"
    path = newest
    if not newest.is_file():
        earlier = list(folder.glob(f"*-{name}"))
        # Who comes while another makes it anew gets what there was: a minute's age hurts no machine, a queue would.
        if _one_at_a_time.acquire(blocking=not earlier):
            try:
                if not newest.is_file():
                    _make(newest, name, write())
            finally:
                _one_at_a_time.release()
        else:
            path = earlier[0]
    try:
        file = path.open("rb")
    except FileNotFoundError:  # thrown away at this very moment: the new one is there
        file = newest.open("rb")
    response = Response(_read(file), mimetype="application/xml")
    response.call_on_close(file.close)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.set_etag(path.stem)
    response.make_conditional(request)
    return response


def _read(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _make(path: Path, name: str, chunks: Iterable[str]) -> None:
    """Write it under another name first: what stands under its own is whole. Earlier ones go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{uuid.uuid4().hex}.draft")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.writelines(chunks)
        earlier = [other for other in path.parent.glob(f"*-{name}") if other != path]
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    for other in earlier:
        other.unlink(missing_ok=True)
