"""Import of a catalogue: `prepare_catalogue` reads and compares, `apply_catalogue` writes inside a transaction.

A product is known by its source and the key of its rows (`group_sku`, else `sku`), or by a SKU that exists. The same
rows again change nothing, whatever was done to the product in the shop since; rows that changed are written whole, an
empty cell leaving what is there, but a price whose cell is empty ends the sale in that currency.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from shop.catalogue.importing.current import chunks
from shop.catalogue.importing.plan import Plan, make_plan
from shop.catalogue.importing.sheet import FIELDS, PICTURE_NAME, REQUIRED, Known, ProductDraft, read_drafts, read_known
from shop.catalogue.importing.writing import write_plan
from shop.catalogue.indexing import index_products
from shop.core import clock
from shop.core.db import db
from shop.core.policies import audit
from shop.core.versions import touch
from shop.i18n import gettext as _
from shop.importing.mappings import ColumnMapping, make_mapper
from shop.importing.problems import ImportRefused, Outcome, Problem, file_problem
from shop.importing.tables import Table, read_table
from shop.media.errors import PictureRefused
from shop.media.images import Cleaned, clean, keep
from shop.media.models import Picture

# Where a file's products come from, when neither its mapping nor the command says.
SOURCE = "catalogue"
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class PreparedCatalogue:
    """A file as read, its pictures cleaned, and what an import of it would do.

    `hashes` are those of the pictures by the name the file gives them; `cleaned` the ones that are new to the shop.
    """

    table: Table
    source: str
    drafts: list[ProductDraft]
    known: Known
    outcome: Outcome
    hashes: dict[str, str] = field(default_factory=dict)
    cleaned: dict[str, Cleaned] = field(default_factory=dict)


def prepare_catalogue(
    path: Path,
    mapping: ColumnMapping,
    *,
    source: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> PreparedCatalogue:
    """Read a file and compare it with the catalogue; writes no row. Outside a transaction. Raises TableUnreadable.

    Pictures of new and changed products are cleaned and stored here, unless it is a dry run, which only looks whether
    they are there.
    """
    table = read_table(path, delimiter=mapping.delimiter)
    mapper = make_mapper(table, mapping, FIELDS, REQUIRED)
    outcome = Outcome(refused=len(table.problems), problems=list(table.problems))
    for heading in mapper.ignored if mapping.rules is None else ():
        text = _("The column “%(name)s” is not one of ours and was left out.", name=heading)
        outcome.notices.append(file_problem(table.name, "ignored_column", text, line=1, value=heading))
    known = read_known()
    drafts = read_drafts(mapper, known, outcome, progress)
    prepared = PreparedCatalogue(table, source or mapping.source or SOURCE, drafts, known, outcome)
    _find_pictures(prepared)
    plan = _plan(prepared)
    if not dry_run and _clean_pictures(prepared, plan, progress):
        plan = _plan(prepared)
    for key, problem in plan.refused.items():
        _refuse(prepared, key, problem)
    outcome.notices += plan.notices
    outcome.problems.sort(key=lambda problem: (problem.line, problem.column or 0))
    _count(outcome, plan)
    return prepared


def apply_catalogue(prepared: PreparedCatalogue, *, partial: bool = False, actor: int | None = None) -> Outcome:
    """Write what was read. Inside a transaction. Raises ImportRefused when a row is bad and `partial` is not said."""
    outcome = prepared.outcome
    if outcome.problems and not partial:
        raise ImportRefused(outcome.problems)
    plan = _plan(prepared, lock=True)
    if plan.refused:
        raise ImportRefused(plan.refused.values())
    now = clock.now()
    kept = {cleaned.sha256: keep(cleaned, uploaded_by=actor, now=now).id for cleaned in prepared.cleaned.values()}
    ids = {**_picture_ids(set(prepared.hashes.values()) - set(kept)), **kept}
    pictures = {name: ids[sha256] for name, sha256 in prepared.hashes.items()}
    touched = write_plan(plan, prepared.source, prepared.known, pictures, now=now, actor=actor)
    if touched:
        touch()
    index_products(touched)
    _count(outcome, plan)
    if touched:
        counts = {"created": outcome.created, "changed": outcome.changed, "refused": outcome.refused}
        audit(actor, "import catalogue", "file", prepared.table.name, source=prepared.source, **counts)
    # Rows were written beside the session's back.
    db.session.expire_all()
    return outcome


def _plan(prepared: PreparedCatalogue, *, lock: bool = False) -> Plan:
    size_of = prepared.table.attachments.size
    return make_plan(prepared.drafts, prepared.source, prepared.known, size_of, prepared.hashes, lock=lock)


def _count(outcome: Outcome, plan: Plan) -> None:
    outcome.created, outcome.changed, outcome.unchanged = len(plan.created), len(plan.changed), plan.unchanged


def _refuse(prepared: PreparedCatalogue, key: str, problem: Problem) -> None:
    draft = next(draft for draft in prepared.drafts if draft.key == key)
    prepared.drafts.remove(draft)
    prepared.outcome.refused += len(draft.variants)
    prepared.outcome.problems.append(problem)


# Pictures ------------------------------------------------------------------------------------------------------------


def _find_pictures(prepared: PreparedCatalogue) -> None:
    """Pictures the shop has already, by the name its own export gives them; products with a missing one are refused."""
    own = {
        name: match[1] for draft in prepared.drafts for name in draft.images if (match := PICTURE_NAME.fullmatch(name))
    }
    there = _picture_ids(set(own.values()))
    prepared.hashes = {name: sha256 for name, sha256 in own.items() if sha256 in there}
    size_of = prepared.table.attachments.size
    for draft in list(prepared.drafts):
        missing = [name for name in draft.images if name not in prepared.hashes and size_of(name) is None]
        if missing:
            text = _("There is no picture “%(name)s” beside the table.", name=missing[0])
            _refuse(prepared, draft.key, _picture_problem(draft, missing[0], "picture_missing", text))


def _picture_ids(hashes: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(sorted(hashes)):
        rows = db.session.execute(select(Picture.sha256, Picture.id).where(Picture.sha256.in_(chunk)))
        found |= {row.sha256: row.id for row in rows}
    return found


def _clean_pictures(prepared: PreparedCatalogue, plan: Plan, progress: Progress | None) -> bool:
    """Clean the pictures of products that are new or changed; whether there were any."""
    drafts = [*plan.created, *(change.draft for change in plan.changed)]
    some = False
    for number, draft in enumerate(drafts, 1):
        for name in draft.images:
            if name in prepared.hashes:
                continue
            some = True
            try:
                cleaned = clean(prepared.table.attachments.read(name))
            except (PictureRefused, OSError, RuntimeError) as error:
                text = error.text if isinstance(error, PictureRefused) else _("This file cannot be read.")
                _refuse(prepared, draft.key, _picture_problem(draft, name, "picture", f"{name}: {text}"))
                break
            prepared.cleaned[name] = cleaned
            prepared.hashes[name] = cleaned.sha256
            if progress:
                progress(number, len(drafts))
    return some


def _picture_problem(draft: ProductDraft, name: str, code: str, text: str) -> Problem:
    return draft.fields.mapper.problem(draft.fields.line, "images", code, name, text)
