"""`shop backup` and `shop restore`. Exit codes: 0 done, 1 refused or something to look at, 2 wrong usage."""

import sys
import time
from collections import Counter
from pathlib import Path

import click

from shop.backup.services import Restored, Written, back_up, restore
from shop.core.errors import EdgeFailed
from shop.payments.recovery import catch_up
from shop.reports.invariants import list_findings

FORCE = click.option("--force", is_flag=True, help="Replace what is there.")


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
    click.echo(_told(file, written))
    if written.missing:
        click.echo(f"{written.missing} pictures of the database have no file in the media folder.", err=True)
        sys.exit(1)


def _told(file: Path, written: Written) -> str:
    counts = written.manifest.counts
    return (
        f"{file}: {written.bytes} bytes, database as of {written.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC "
        f"(schema {written.manifest.revision}, {counts['shop_order']} orders, {counts['ledger_entry']} ledger rows), "
        f"{written.pictures} picture files. Secrets are not in it."
    )


@click.command("restore")
@FORCE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(file: Path, force: bool) -> None:
    """Put back what FILE holds, then ask Stripe for everything since. What was there is kept aside."""
    progress = Progress()
    try:
        restored = restore(file.resolve(), force=force, progress=progress)
    finally:
        progress.end()
    _tell(file, restored)
    findings = [f"{finding.invariant}: {finding.text}" for finding in list_findings()]
    for finding in findings:
        click.echo(finding, err=True)
    if not _ask_stripe() or findings:
        sys.exit(1)


def _tell(file: Path, restored: Restored) -> None:
    made_at = restored.manifest.made_at
    click.echo(f"The database is as of {made_at:%Y-%m-%d %H:%M:%S} UTC; {restored.pictures} picture files were added.")
    if restored.aside:
        click.echo(f"What was there before is kept in {restored.aside}.")


def _ask_stripe() -> bool:
    """Say what Stripe knew of the time since the backup; whether it answered."""
    try:
        outcomes = catch_up() or Counter()
    except EdgeFailed as error:
        click.echo(
            f"Stripe did not answer ({error}). The shop takes no orders until the worker has asked it.", err=True
        )
        return False
    told = ", ".join(f"{outcomes[name]} {name}" for name in ("rebuilt", "adopted", "set aside", "closed"))
    click.echo(f"Payment pages opened since: {told}. The worker goes on with what Stripe has told.")
    return True
