"""Lighthouse on a telephone, as its command line measures it without being told otherwise."""

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.quality.findings import Finding
from tests.quality.packages import LIGHTHOUSE, program

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
RUNS = 3
# Of 100; performance varies with the machine, the others do not.
WANTED = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of 0 to 100 by category, and what fell short."""

    page: str
    scores: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def is_short(self) -> bool:
        return any(self.scores[name] < wanted for name, wanted in WANTED.items())

    @property
    def is_short_of_more_than_time(self) -> bool:
        """Something that another run will not mend."""
        return any(self.scores[name] < wanted for name, wanted in WANTED.items() if name != "performance")


def measure(chromium: str, page: str, address: str, headers: dict[str, str]) -> Report:
    """The first report that reaches every figure, or the one of median performance: other work on a machine slows a page."""
    reports: list[Report] = []
    while len(reports) < RUNS:
        reports.append(_run(chromium, page, address, headers))
        if not reports[-1].is_short or reports[-1].is_short_of_more_than_time:
            return reports[-1]
    return sorted(reports, key=lambda report: report.scores["performance"])[RUNS // 2]


def _run(chromium: str, page: str, address: str, headers: dict[str, str]) -> Report:
    """One page, opened with some headers (a cart is a cookie)."""
    node = program("node", "install Node.js 20 or newer")
    command = [node, str(LIGHTHOUSE), address, "--quiet", "--output=json", "--output-path=stdout"]
    command += [f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    command += [f"--extra-headers={json.dumps(headers)}"] if headers else []
    environment = {**os.environ, "CHROME_PATH": chromium}
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(answer.stdout)
    scores = {name: round(100 * (told["categories"][name]["score"] or 0)) for name in CATEGORIES}
    return Report(page, scores, tuple(_shortcomings(page, told)))


def _shortcomings(page: str, told: dict[str, Any]) -> list[Finding]:
    """Every audit that counts and is not passed."""
    found = []
    for name in CATEGORIES:
        for reference in told["categories"][name]["auditRefs"]:
            audit = told["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
                items = (audit.get("details") or {}).get("items") or [{}]
                place = str((items[0].get("node") or {}).get("snippet", ""))[:160]
                shown = f"{audit['id']}: {audit['title']} {audit.get('displayValue', '')}".strip()
                found.append(Finding("Lighthouse", page, shown, place))
    return found
