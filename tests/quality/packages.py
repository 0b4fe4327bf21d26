"""Finds the examiners that are packages of npm; installs them into a cache outside this tree."""

import os
import shutil
import subprocess
from pathlib import Path

# Lighthouse 13 asks for Node 22.
PACKAGES = ("vnu-jar@26.9.27", "lighthouse@12.8.2")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "artisan-export-shop" / "quality"
NU = CACHE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
LIGHTHOUSE = CACHE / "node_modules" / "lighthouse" / "cli" / "index.js"


class Missing(Exception):
    """Something this machine lacks, with what to do."""


def program(name: str, advice: str) -> str:
    """Path of a program. Raises Missing."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} was not found: {advice}")
    return found


def install() -> None:
    """Bring the packages into the cache unless they are there. Raises Missing."""
    if NU.is_file() and LIGHTHOUSE.is_file():
        return
    npm = program("npm", "install Node.js 20 or newer")
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(CACHE), "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run([*command, *PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode or not (NU.is_file() and LIGHTHOUSE.is_file()):
        raise Missing(f"npm could not install {' '.join(PACKAGES)}: {done.stderr.strip()[-400:]}")
