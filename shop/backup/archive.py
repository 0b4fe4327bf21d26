"""The file: a ZIP archive with `manifest.json`, the database as one member and the pictures below `media/`.

Every member's length and SHA-256 stand in the manifest, so a file that was cut short or changed is refused before
anything is touched. Pictures are stored as they are, the database is packed.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from shop.backup.errors import BackupFailed, RestoreRefused
from shop.media.storage import NAME

FORMAT = 1
MANIFEST = "manifest.json"
MEDIA = "media/"
DATABASE = {"sqlite": "database.sqlite", "postgresql": "database.sql"}
_PIECE = 1024 * 1024

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file holds. `made_at`: the database is not older than this. `counts`: rows of each table.

    `database` is "sqlite" or "postgresql", `server` its release. `settings` are for people; secrets are hidden in them.
    """

    made_at: datetime
    release: str
    database: str
    server: str
    revision: str
    demo: bool
    settings: dict[str, str]
    counts: dict[str, int]
    # member -> [bytes, SHA-256]
    members: dict[str, tuple[int, str]] = field(default_factory=dict)
    format: int = FORMAT

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "made_at": self.made_at.isoformat()}, indent=1, ensure_ascii=False)


def _read_manifest(text: bytes) -> Manifest:
    content = json.loads(text)
    if content.get("format") != FORMAT:
        raise RestoreRefused(f"This backup has format {content.get('format')}; this release reads format {FORMAT}.")
    content["made_at"] = datetime.fromisoformat(content["made_at"])
    content["members"] = {name: (int(size), str(digest)) for name, (size, digest) in content["members"].items()}
    return Manifest(**content)


def is_picture(name: str) -> bool:
    """Whether a member's name is one that a picture of this shop has; anything else is not put on a disk."""
    return name.startswith(MEDIA) and NAME.fullmatch(name.removeprefix(MEDIA)) is not None


def _copy(source: BinaryIO, target: Any) -> tuple[int, str]:
    """Copy to the end; how many bytes there were and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE):
        target.write(piece)
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


class Writer:
    """Fills a file under a temporary name; see `writing`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, tuple[int, str]] = {}

    def add(self, name: str, path: Path, *, packed: bool) -> None:
        """Put a file of the disk in. Raises OSError if it cannot be read or there is no room."""
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with path.open("rb") as source, self._archive.open(info, "w", force_zip64=True) as target:
            self.members[name] = _copy(source, target)

    def finish(self, manifest: Manifest) -> None:
        """Write the list of what is inside, last."""
        manifest.members.update(self.members)
        self._archive.writestr(MANIFEST, manifest.as_json())


@contextmanager
def writing(path: Path, *, force: bool) -> Iterator[Writer]:
    """A new file at `path`: there whole or not at all, readable by its owner only. Raises BackupFailed."""
    if path.exists() and not force:
        raise BackupFailed(f"{path} is there already; give another name, or --force to replace it.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                with zipfile.ZipFile(file, "w") as archive:
                    yield Writer(archive)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            _settle(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written: {error.strerror or error}.") from error


def _settle(folder: Path) -> None:
    """Make sure that a new name in a folder outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Reader:
    """A file whose manifest is read; nothing in it is believed before its length and digest fit."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive, self.manifest = archive, manifest

    @property
    def pictures(self) -> list[str]:
        """Members that are pictures."""
        return sorted(name for name in self.manifest.members if name.startswith(MEDIA))

    def check(self, progress: Progress) -> None:
        """Read everything once. Raises RestoreRefused for a member that is missing, unknown, cut short or changed."""
        present = set(self._archive.namelist()) - {MANIFEST}
        if present != set(self.manifest.members):
            raise RestoreRefused("This backup does not hold what its list says; use another one.")
        for done, (name, expected) in enumerate(sorted(self.manifest.members.items()), 1):
            if name not in DATABASE.values() and not is_picture(name):
                raise RestoreRefused(f"This backup holds {name}, which no backup of this shop does.")
            with open(os.devnull, "wb") as nowhere:
                self._read(name, nowhere, expected)
            progress(done, len(self.manifest.members))

    def extract(self, name: str, target: Path) -> None:
        """Write a member to the disk, under its name only once it is whole. Raises RestoreRefused, OSError."""
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.part")
        try:
            with unfinished.open("wb") as file:
                self._read(name, file, self.manifest.members[name])
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """A member that fits into memory. Raises RestoreRefused."""
        target = BytesIO()
        self._read(name, target, self.manifest.members[name])
        return target.getvalue()

    def _read(self, name: str, target: BinaryIO, expected: tuple[int, str]) -> None:
        try:
            with self._archive.open(name) as source:
                found = _copy(source, target)  # type: ignore[arg-type]
        except (zipfile.BadZipFile, EOFError) as error:
            raise RestoreRefused(f"{name} in this backup is damaged; use another backup.") from error
        if found != expected:
            raise RestoreRefused(f"{name} in this backup is not what was put in; use another backup.")


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open a file. Raises RestoreRefused if it is no backup of this shop, or of another format."""
    try:
        with zipfile.ZipFile(path) as archive:
            try:
                manifest = _read_manifest(archive.read(MANIFEST))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise RestoreRefused(f"{path} is not a backup of this shop.") from error
            yield Reader(archive, manifest)
    except zipfile.BadZipFile as error:
        raise RestoreRefused(f"{path} is not a backup of this shop, or was cut short.") from error
    except OSError as error:
        raise RestoreRefused(f"{path} cannot be read or its content not written: {error.strerror or error}.") from error
