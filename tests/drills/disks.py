"""A disk that loses its power: every write and every sync of SQLite is recorded, and any moment can be looked at again.

After a power cut a file holds what was synchronised. Of what was written since, each write may be there, not be there, or
be there up to some sector of 512 bytes. That a file is made or removed is taken to last at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Write:
    """`data` None: the file was cut to `offset` bytes."""

    name: str
    offset: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Sync:
    name: str


@dataclass(frozen=True, slots=True)
class Delete:
    name: str


Entry = Write | Sync | Delete


class Recorder(apsw.VFS):
    """Files of a folder, recorded; everything else about them is the operating system's."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name
        self.log: list[Entry] = []

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        return _File(self.log, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        super().xDelete(name, sync)
        self.log.append(Delete(Path(name).name))


class _File(apsw.VFSFile):
    def __init__(self, log: list[Entry], name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._log = log
        self._name = Path(name.filename() if hasattr(name, "filename") else name or "temporary").name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._log.append(Write(self._name, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self._log.append(Write(self._name, size, None))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._log.append(Sync(self._name))


@dataclass
class _Disk:
    """What lasts of each file, and what was written to it since it was last synchronised."""

    lasting: dict[str, bytearray] = field(default_factory=dict)
    loose: dict[str, list[Write]] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        if isinstance(entry, Write):
            self.loose.setdefault(entry.name, []).append(entry)
            return
        if isinstance(entry, Delete):
            self.loose.pop(entry.name, None)
            self.lasting.pop(entry.name, None)
            return
        content = self.lasting.setdefault(entry.name, bytearray())
        for write in self.loose.pop(entry.name, []):
            _put(content, write, None)

    def cut(self, chances: Random) -> dict[str, bytes]:
        """The files as they are found after a power cut now."""
        found = {name: bytearray(content) for name, content in self.lasting.items()}
        # As a disk with a cache: all of it, none of it, or some.
        mood = chances.random()
        for name, writes in self.loose.items():
            content = found.setdefault(name, bytearray())
            for write in writes:
                fate = chances.random() if mood < 0.6 else mood
                if fate < 0.4 or 0.6 <= mood < 0.8:
                    continue
                torn = fate < 0.5 and write.data is not None
                _put(content, write, chances.randrange(len(write.data or b"")) // SECTOR * SECTOR if torn else None)
        return {name: bytes(content) for name, content in found.items()}


def _put(content: bytearray, write: Write, length: int | None) -> None:
    if write.data is None:
        del content[write.offset :]
        return
    data = write.data if length is None else write.data[:length]
    if len(content) < write.offset:
        content.extend(bytes(write.offset - len(content)))
    content[write.offset : write.offset + len(data)] = data


def power_cuts(
    before: dict[str, bytes], log: list[Entry], first: int, number: int, chances: Random
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """So many power cuts at random moments from entry `first` of the log on: (entries written by then, files found)."""
    moments = sorted(chances.randint(first, len(log)) for _cut in range(number))
    disk = _Disk({name: bytearray(content) for name, content in before.items()})
    done = 0
    for moment in moments:
        for entry in log[done:moment]:
            disk.apply(entry)
        done = moment
        yield moment, disk.cut(chances)
