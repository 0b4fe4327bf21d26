"""`shop report artisan-sales`: the same figures as the page and the API."""

import sys
from pathlib import Path

import click

from shop.core.errors import Invalid
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import use_language
from shop.reports.documents import FORMATS, write_document
from shop.reports.filters import BASES, SOURCES, parse_filters
from shop.reports.sales import artisan_sales


@click.group()
def report() -> None:
    """Figures for the programme."""


@report.command("artisan-sales")
@click.option("--from", "first", required=True, metavar="DAY", help="First day, as in 2026-03-01 (Casablanca).")
@click.option("--to", "last", required=True, metavar="DAY", help="Last day, included.")
@click.option("--basis", type=click.Choice(BASES), default="exported", show_default=True)
@click.option("--source", type=click.Choice(SOURCES), default="platform", show_default=True)
@click.option("--programme", metavar="CODE", help="Only sales of units in this programme.")
@click.option("--edition", metavar="CODE", help="Only sales of units in this edition.")
@click.option("--family", metavar="CODE", help="Only this export family.")
@click.option("--country", metavar="CODE", help="Only this destination (two letters).")
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="csv", show_default=True)
@click.option("--lang", "language", type=click.Choice([*LANGUAGES]), default="en", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output unless given.")
def artisan_sales_command(form: str, language: str, out: Path | None, **given: str | None) -> None:
    """Sales per artisan or unit in a period. "table" is the CSV for a person's spreadsheet."""
    named = {"first": "from", "last": "to"}
    values = {named.get(name, name): text for name, text in given.items() if text is not None}
    try:
        with use_language(language):
            document = write_document(artisan_sales(parse_filters(values)), form)
    except Invalid as error:
        # Wrong usage: click prints the sentence and exits with 2.
        raise click.UsageError(error.text) from error
    if out is None:
        sys.stdout.buffer.write(document.content)
        return
    try:
        out.write_bytes(document.content)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(f"{out}", err=True)
