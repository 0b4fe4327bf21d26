"""`shop import` and `shop export`. Exit codes: 0 done, 1 something was found, 2 wrong usage."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from shop.catalogue.importing.export import export_catalogue
from shop.catalogue.importing.imports import apply_catalogue, prepare_catalogue
from shop.catalogue.importing.sheet import FIELDS as CATALOGUE_FIELDS
from shop.commands.progress import Progress
from shop.core.db import transaction
from shop.core.errors import Invalid
from shop.i18n import gettext as _
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import use_language
from shop.importing.mappings import ColumnMapping, load_mapping
from shop.importing.problems import ImportRefused, MappingInvalid, Outcome, TableUnreadable
from shop.orders.declared import FIELDS as SALES_FIELDS
from shop.orders.declared import apply_sales, prepare_sales
from shop.programme.rates import FIELDS as RATES_FIELDS
from shop.programme.rates import apply_rates, prepare_rates

F = TypeVar("F", bound=Callable[..., Any])
FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path)
)
LANGUAGE = click.option("--lang", "language", type=click.Choice([*LANGUAGES]), default="en", show_default=True)


def _options(command: F) -> F:
    """What every import understands."""
    for option in (
        LANGUAGE,
        click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE", help="One value for a whole column."),
        click.option(
            "--map",
            "mapping",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Column mapping (TOML).",
        ),
        click.option("--partial", is_flag=True, help="Import the good rows and leave the bad ones out."),
        click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing."),
        FILES,
    ):
        command = option(command)
    return command


SOURCE = click.option("--source", metavar="NAME", help="Where the rows come from; their keys are unique within it.")


@click.group("import")
def import_group() -> None:
    """Bring in products, sales made elsewhere, or exchange rates."""


@import_group.command("catalogue")
@SOURCE
@_options
def import_catalogue(files: Sequence[Path], source: str | None, **given: Any) -> None:
    """Products from CSV or XLSX, alone or with their pictures in a folder or ZIP file."""

    def prepare(path: Path, mapping: ColumnMapping) -> Any:
        with Progress(path.name) as progress:
            return prepare_catalogue(path, mapping, source=source, dry_run=given["dry_run"], progress=progress)

    _import(files, CATALOGUE_FIELDS, prepare, apply_catalogue, **given)


@import_group.command("sales")
@SOURCE
@_options
def import_sales(files: Sequence[Path], source: str | None, **given: Any) -> None:
    """Sales made elsewhere, marked as declared. They never enter the ledger."""

    def prepare(path: Path, mapping: ColumnMapping) -> Any:
        with Progress(path.name) as progress:
            return prepare_sales(path, mapping, source=source, progress=progress)

    _import(files, SALES_FIELDS, prepare, apply_sales, **given)


@import_group.command("rates")
@click.option("--replace", is_flag=True, help="Let the file change rates of past days.")
@_options
def import_rates(files: Sequence[Path], replace: bool, **given: Any) -> None:
    """Exchange rates to the dirham: date, currency, unit, mad, source."""
    _import(
        files, RATES_FIELDS, lambda path, mapping: prepare_rates(path, mapping, replace=replace), apply_rates, **given
    )


def _import(
    files: Sequence[Path],
    fields: Sequence[str],
    prepare: Callable[[Path, ColumnMapping], Any],
    apply: Callable[..., Outcome],
    *,
    mapping: Path | None,
    constants: Sequence[str],
    dry_run: bool,
    partial: bool,
    language: str,
) -> None:
    """All files in one transaction, so that a bad one keeps the others out too."""
    with use_language(language):
        columns = _mapping(mapping, constants, fields)
        try:
            prepared = [prepare(path, columns) for path in files]
        except TableUnreadable as error:
            click.echo(str(error.problem), err=True)
            sys.exit(1)
        outcomes = [one.outcome for one in prepared]
        _tell_findings(outcomes)
        found = any(outcome.problems for outcome in outcomes)
        if dry_run:
            _tell(outcomes, _("Nothing was written. It would be:"))
        elif found and not partial:
            click.echo(ImportRefused(()).text, err=True)
        else:
            _apply(prepared, apply, partial)
    sys.exit(1 if found else 0)


def _apply(prepared: Iterable[Any], apply: Callable[..., Outcome], partial: bool) -> None:
    try:
        with transaction():
            outcomes = [apply(one, partial=partial) for one in prepared]
    except ImportRefused as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo(error.text, err=True)
        sys.exit(1)
    _tell(outcomes, _("Imported:"))


def _mapping(path: Path | None, constants: Sequence[str], fields: Sequence[str]) -> ColumnMapping:
    pairs = [constant.partition("=") for constant in constants]
    if any(not mark for _name, mark, _value in pairs):
        raise click.UsageError(_("--set wants FIELD=VALUE."))
    try:
        columns = load_mapping(path, fields) if path else ColumnMapping()
        return columns.with_constants({name.strip(): value for name, _mark, value in pairs}, fields)
    except MappingInvalid as error:
        raise click.UsageError(error.text) from error


def _tell_findings(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        for finding in (*outcome.notices, *outcome.problems):
            click.echo(str(finding), err=True)


def _tell(outcomes: Sequence[Outcome], opening: str) -> None:
    totals = {
        name: sum(getattr(outcome, name) for outcome in outcomes)
        for name in ("created", "changed", "unchanged", "skipped", "refused")
    }
    text = _(
        "new %(created)s, changed %(changed)s, unchanged %(unchanged)s, skipped rows %(skipped)s, bad rows %(refused)s",
        **totals,
    )
    click.echo(f"{opening} {text}")


@click.group("export")
def export_group() -> None:
    """Write what the shop holds in the forms it reads."""


@export_group.command("catalogue")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@LANGUAGE
def export_catalogue_command(file: Path, language: str) -> None:
    """All products as .csv or .xlsx, or as .zip together with their pictures."""
    with use_language(language):
        try:
            rows = export_catalogue(file)
        except Invalid as error:
            raise click.UsageError(error.text) from error
        except OSError as error:
            click.echo(_("%(file)s cannot be written: %(reason)s.", file=file.name, reason=error.strerror), err=True)
            sys.exit(1)
        click.echo(_("Rows written to %(file)s: %(count)s.", count=rows, file=file.name), err=True)
