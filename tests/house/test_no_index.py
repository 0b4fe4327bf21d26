"""The project serves wherever its packages are: no committed file names an index or a machine's folder."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
TEXT_LIMIT = 2_000_000

INDEX = re.compile(
    r"(?im)^\s*(?:--(?:extra-)?index-url|--find-links|--trusted-host|-i\s+http|-f\s+http)|(?:extra-)?index-url\s*="
    r"|pypi\.(?:org|python\.org)/simple|files\.pythonhosted\.org|https?://[^\s/]*:[^\s/]*@"
)
# Written in pieces, so that this file does not break its own rule.
FOLDERS = re.compile(r"(?<![\w.:/-])/(?:" + "|".join(("ro" + "ot", "wo" + "rk", "ho" + "me", "Us" + "ers")) + r")/\w")


def committed() -> list[Path]:
    """Files under version control, or every file of ours where this is no checkout."""
    try:
        answer = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True)
        names = [name for name in answer.stdout.decode().split("\0") if name]
        return [ROOT / name for name in names if (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [
            path
            for folder in ("shop", "tests", "locks", "docs")
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
        ]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in committed():
        data = path.read_bytes()
        if b"\0" in data or len(data) > TEXT_LIMIT or path == Path(__file__):
            continue
        text = data.decode("utf-8", errors="replace")
        found += [
            f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
            for match in pattern.finditer(text)
        ]
    return found


def test_no_committed_file_names_a_package_index() -> None:
    assert lines_with(INDEX) == []


def test_no_committed_file_names_a_folder_of_one_machine() -> None:
    assert lines_with(FOLDERS) == []


@pytest.mark.parametrize(
    "line",
    ["--index-url https://mirror.example/simple", "index-url = https://mirror.example/", "https://user:pass@host/"],
)
def test_an_index_is_found(line: str) -> None:
    assert INDEX.search(f"alembic==1\n{line}\n")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_every_package_by_version_and_hash(lock: Path) -> None:
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*$", "", lock.read_text(encoding="utf-8")))
    entries = [entry for entry in entries if entry.strip()]
    assert entries
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_what_runs_is_locked_alike_for_tests() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"(?m)^([A-Za-z0-9._-]+==[^\s\\;]+)", (ROOT / "locks" / name).read_text(encoding="utf-8"))
        )

    assert pins("run.txt") <= pins("test.txt")


def test_the_licence_is_named_in_both_places() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert 'license = "MIT"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
