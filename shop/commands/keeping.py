"""`shop backup` and `shop restore`. Exit codes: 0 done, 1 refused or something to look at, 2 wrong usage."""

import sys
import time
from collections import Counter
from pathlib import Path

import click

from shop.backup.services import back_up, restore
from shop.core.errors import EdgeFailed
from shop.payments.recovery import catch_up
from shop.reports.invariants import list_findings

FORCE = click.option("--force", is_flag=True, help="Replace what is there.")
# What became of payment pages (payments.lost.make_known), as far as somebody wants to know.
OUTCOMES = ("rebuilt", "adopted", "set aside", "closed")


class Progress:
    """A line on a terminal that says how far each step is, after two seconds of work; nothing in a pipe."""

    def __init__(self) -> None:
        self.patient_until = time.monotonic() + 2
        self.shown = False

    def __call__(self, step: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() > self.patient_until:
            self.shown = True
            click.echo(f"\r\033[K{step}  {done} / {total}", err=True, nl=False)

    def end(self) -> None:
        if self.shown:
            click.echo("\r\033[K", err=True, nl=False)


@click.command("backup")
@FORCE
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path, force: bool) -> None:
    """Write database and pictures to FILE while the shop sells; the copy is checked before it is called done."""
    progress = Progress()
    try:
        written = back_up(file.resolve(), force=force, progress=progress)
    finally:
        progress.end()
    counts, made_at = written.manifest.counts, written.manifest.made_at
    click.echo(
        f"{file}: {written.bytes} bytes, database as of {made_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"schema {written.manifest.revision}; orders: {counts['shop_order']}, "
        f"ledger rows: {counts['ledger_entry']}, picture files: {written.pictures}. Secrets are not in it."
    )
    if written.elsewhere:
        click.echo(f"The pictures stay in {written.elsewhere} and are not in this file: keep that store too.")
    if written.missing:
        click.echo(f"Pictures of the database that have no file: {written.missing}.", err=True)


def put_back(file: Path, *, force: bool) -> None:
    """The first half of `shop restore`: the database and the pictures."""
    progress = Progress()
    try:
        restored = restore(file.resolve(), force=force, progress=progress)
    finally:
        progress.end()
    made_at = restored.manifest.made_at
    click.echo(f"The database is as of {made_at:%Y-%m-%d %H:%M:%S} UTC; picture files added: {restored.pictures}.")
    if restored.missing:
        click.echo(
            f"Pictures of the database that have no file here, nor in the backup: {restored.missing}. If they are in "
            "another store, name it in SHOP_STORAGE_URL.",
            err=True,
        )
    if restored.aside:
        click.echo(f"What was there before is kept in {restored.aside}.")


def catch_up_and_check() -> bool:
    """The second half, with the settings of what was put back: ask Stripe, then every invariant. Whether all is well."""
    answered = _ask_stripe()
    findings = list_findings()
    for finding in findings:
        click.echo(f"{finding.invariant}: {finding.text}", err=True)
    return answered and not findings


def _ask_stripe() -> bool:
    try:
        outcomes = catch_up() or Counter()
    except EdgeFailed as error:
        said = str(error).partition("\n")[0]
        click.echo(f"Stripe did not answer ({said}). The shop takes no orders until the worker has asked it.", err=True)
        return False
    told = ", ".join(f"{outcomes[name]} {name}" for name in OUTCOMES)
    click.echo(f"Payment pages opened since: {told}. The worker goes on with what Stripe has told.")
    return True
