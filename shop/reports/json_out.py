"""The report as plain data: what the API and the command answer."""

import json
from dataclasses import asdict
from typing import Any

from shop.reports.sales import Report


def to_data(report: Report) -> dict[str, Any]:
    """`{"filters", "rows", "totals", "as_of"}`; amounts are whole minor units beside their currency."""
    totals = asdict(report.totals)
    totals["currencies"] = {entry.pop("currency"): entry for entry in totals["currencies"]}
    return {
        "filters": report.filters.as_query(),
        "rows": [asdict(row) for row in report.rows],
        "totals": totals,
        "as_of": report.as_of.isoformat(),
    }


def to_json(report: Report) -> bytes:
    return json.dumps(to_data(report), ensure_ascii=False, indent=2).encode()
