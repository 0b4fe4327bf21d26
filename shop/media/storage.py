"""Where the files of pictures are kept: a folder, or S3 and what speaks like it, under the same names.

A folder needs no library: obstore's own does not wait for the disk, reads four times as slowly and costs 6 MB a process.
A name is `{first two of sha256}/{sha256}-{width}.{webp, jpg or avif}`; it follows from the content, so a file is never changed.
"""

import logging
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from shop.core import runtime
from shop.core.config import BucketAddress, Settings, parse_bucket
from shop.core.errors import EdgeFailed
from shop.i18n import gettext as _

T = TypeVar("T")

log = logging.getLogger("shop.media")

TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "avif": "image/avif"}
NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})-([1-9][0-9]{1,3})\.(webp|jpg|avif)")
# Public addresses and objects in a store alike: a name stands for the same bytes for ever.
CACHE_CONTROL = "public, max-age=31536000, immutable"
# A buyer waits for a picture, a maker for an upload: a store that is silent is given up soon, and whoever asked asks again.
CONNECT_SECONDS, ANSWER_SECONDS, RETRIES, RETRY_SECONDS = 3, 10, 2, 12
# An upload has eight files, and each costs a way to the store and back.
AT_ONCE = 8


class StorageFailed(EdgeFailed):
    """The store did not answer, or refused: `reason` for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(_("The place where photos are kept does not answer. Nothing is lost; try again in a minute."))
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


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


class Bucket:
    """Objects in a bucket, each with its type and the promise that it never changes, so that it may be served from there."""

    def __init__(self, address: BucketAddress) -> None:
        import obstore  # noqa: PLC0415
        from obstore.store import S3Store  # noqa: PLC0415

        self._api: Any = obstore
        self._failures: tuple[type[Exception], ...] = (obstore.exceptions.BaseError, OSError)
        self._absent: tuple[type[Exception], ...] = (obstore.exceptions.NotFoundError, FileNotFoundError)
        given = {
            "access_key_id": address.key,
            "secret_access_key": address.secret,
            "region": address.region,
            "endpoint": address.endpoint,
        }
        config: Any = {name: value for name, value in given.items() if value}
        self._store = S3Store(
            address.bucket,
            prefix=address.prefix or None,
            config=config,
            client_options={
                "allow_http": address.endpoint.startswith("http:"),
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=ANSWER_SECONDS),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        )

    def find(self, name: str) -> bytes | None:
        with self._speaking():
            try:
                return bytes(self._api.get(self._store, name).bytes())
            except self._absent:
                return None

    def put_all(self, files: dict[str, bytes], *, lasting: bool = True) -> None:
        """Write objects; once the store has answered they last, whether asked or not."""

        def put(name: str) -> None:
            attributes = {"Content-Type": TYPES[name.rpartition(".")[2]], "Cache-Control": CACHE_CONTROL}
            self._api.put(self._store, name, files[name], attributes=attributes, use_multipart=False)

        self._each(put, list(files))

    def missing(self, names: Iterable[str]) -> list[str]:
        def is_there(name: str) -> bool:
            try:
                self._api.head(self._store, name)
            except self._absent:
                return False
            return True

        asked = list(names)
        return [name for name, there in zip(asked, self._each(is_there, asked), strict=True) if not there]

    def list_names(self) -> Iterator[tuple[str, int]]:
        with self._speaking():
            for chunk in self._api.list(self._store):
                for entry in chunk:
                    if NAME.fullmatch(entry["path"]):
                        yield entry["path"], entry["size"]

    def demand(self) -> None:
        with self._speaking():
            next(iter(self._api.list(self._store, chunk_size=1)), None)

    def _each(self, action: Callable[[str], T], names: list[str]) -> list[T]:
        with self._speaking(), ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(action, names))

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            reason = str(error).strip().partition("\n")[0]
            log.warning("the store of pictures: %s", reason)
            raise StorageFailed(reason) from error


def store_of(settings: Settings) -> Store:
    """The store an installation keeps its pictures in."""
    return _open(settings.storage_url)


def store() -> Store:
    """The store of the running process."""
    return store_of(runtime.settings())


@lru_cache(maxsize=4)
def _open(url: str) -> Store:
    if url.startswith("s3:"):
        return Bucket(parse_bucket(url))
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
