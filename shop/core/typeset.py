"""Documents as PDF, typeset by typst. Texts travel as data, so nothing in a name can become markup."""

import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import fontpkg_ibm_plex_sans_arabic as plex


def typeset(package: str, template: str, payload: dict[str, Any]) -> bytes:
    """A PDF (tagged, PDF/UA-1) of `template`, a file in the folder `typst` of a package, such as "shop.reports".

    `payload` is all the template needs, formatted and translated, with at least language, direction, and page as in
    "Page {page} of {pages}". The same payload gives the same bytes. Takes about a second: for workers and commands.
    """
    # typst is 81 MB of compiler: only what typesets loads it.
    import typst  # noqa: PLC0415

    pdf: bytes = typst.compile(  # type: ignore[misc]
        _source(package, template),
        font_paths=[str(Path(plex.ROOT) / "files")],
        ignore_system_fonts=True,
        sys_inputs={"payload": json.dumps(payload, ensure_ascii=False)},
        pdf_standards=["ua-1"],
    )
    return pdf


@lru_cache
def _source(package: str, template: str) -> bytes:
    shared = files("shop.core").joinpath("typst", "base.typ").read_bytes()
    return shared + b"\n" + files(package).joinpath("typst", template).read_bytes()
