"""The Nu HTML checker over every page as it is sent."""

import json
import subprocess
from pathlib import Path

from tests.quality.findings import Finding
from tests.quality.packages import NU, program

MOST_SHOWN = 160


def check(pages: dict[str, str], folder: Path) -> list[Finding]:
    """Errors and warnings in pages given as {language and name: markup}; `folder` holds them meanwhile."""
    names = {}
    for number, (name, markup) in enumerate(pages.items()):
        path = folder / f"{number}.html"
        path.write_text(markup, encoding="utf-8")
        names[path.name] = name
    java = program("java", "install a Java runtime (Debian: apt install default-jre-headless)")
    files = [str(folder / name) for name in names]
    command = [java, "-jar", str(NU), "--format", "json", "--exit-zero-always", *files]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return [
        Finding(
            "HTML",
            names[message["url"].rpartition("/")[2]],
            f"{'warning' if message['type'] == 'info' else message['type']}: {message['message']}",
            " ".join(message.get("extract", "").split())[:MOST_SHOWN],
        )
        for message in json.loads(answer.stderr)["messages"]
    ]
