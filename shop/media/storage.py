"""Where the files of pictures are kept: a folder, or S3 and what speaks like it, under the same names.

A name is `{first two of sha256}/{sha256}-{width}.{webp, jpg or avif}`; it follows from the content, so a file is never changed.
"""

import os
import re
import uuid
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from shop.core import runtime
from shop.core.config import Settings
from shop.core.errors import EdgeFailed

TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "avif": "image/avif"}
NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})-([1-9][0-9]{1,3})\.(webp|jpg|avif)")
# Public addresses and objects in a store alike: a name stands for the same bytes for ever.
CACHE_CONTROL = "public, max-age=31536000, immutable"


class StorageFailed(EdgeFailed):
    """The store did not answer, or refused; the text is for people."""


class Store(Protocol):
    """Reads and writes whole files. Every method raises StorageFailed, or OSError where it is a folder."""

    def find(self, name: str) -> bytes | None:
        """A file's content, or None."""

    def put_all(self, files: dict[str, bytes], *, lasting: bool = True) -> None:
        """Write files, each there whole or not at all; `lasting` also after the power went."""

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of some names that are not there."""

    def list_names(self) -> Iterator[tuple[str, int]]:
        """(name, bytes) of every picture file, none that is half written."""

    def demand(self) -> None:
        """Raises if nothing could be read there now."""


class Folder:
    """Files on this machine's disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def put_all(self, files: dict[str, bytes], *, lasting: bool = True) -> None:
        for name, body in files.items():
            _write_file(self.folder / name, body, lasting=lasting)

    def missing(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if not (self.folder / name).is_file()]

    def list_names(self) -> Iterator[tuple[str, int]]:
        for path in sorted(self.folder.glob("*/*")):
            name = path.relative_to(self.folder).as_posix()
            if NAME.fullmatch(name):
                yield name, path.stat().st_size

    def demand(self) -> None:
        if not self.folder.is_dir():
            raise StorageFailed(f"There is no folder {self.folder}.")


def store_of(settings: Settings) -> Store:
    """The store an installation keeps its pictures in."""
    return _open(settings.storage_url)


def store() -> Store:
    """The store of the running process."""
    return store_of(runtime.settings())


@lru_cache(maxsize=4)
def _open(url: str) -> Store:
    return Folder(Path(url.removeprefix("file://")))


def name_of(sha256: str, width: int, extension: str) -> str:
    """The name of one file of a picture."""
    return f"{sha256[:2]}/{sha256}-{width}.{extension}"


def _write_file(target: Path, body: bytes, *, lasting: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{uuid.uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            file.write(body)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
