"""The `shop` command. Exit codes: 0 done, 1 found something or refused for a reason it prints, 2 wrong usage."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path

import click

from shop import worker
from shop.accounts.services import create_account
from shop.app import create_app, prepare
from shop.artisans.queries import get_unit
from shop.artisans.services import grant_delegate
from shop.catalogue.indexing import index_unindexed
from shop.commands.doctor import examine
from shop.commands.importing import export_group, import_group
from shop.commands.keeping import FORCE, backup_command, catch_up_and_check, put_back
from shop.commands.pictures import pictures_command
from shop.commands.reconciling import reconcile_command
from shop.core import schema
from shop.core.db import transaction
from shop.core.durability import promise_of
from shop.core.errors import ConfigurationError, Invalid, ShopError
from shop.core.guards import missing_guards
from shop.core.installation import load_settings
from shop.core.logs import begin_logging
from shop.reports.command import report
from shop.reports.invariants import list_findings
from shop.web.fonts import build_fonts


@contextmanager
def _shop(*, serving: bool = False) -> Iterator[None]:
    """The application's context for a command."""
    app = create_app(load_settings(serving=serving))
    with app.app_context():
        yield


def _in_context(command: click.Command) -> click.Command:
    """A command object of a room that opens the shop first, and so everything below a group; the room's stays as it is."""
    wrapped = copy(command)
    if isinstance(wrapped, click.Group):
        wrapped.commands = {name: _in_context(inner) for name, inner in wrapped.commands.items()}
        return wrapped

    def invoke(ctx: click.Context) -> object:
        with _shop():
            return command.invoke(ctx)

    wrapped.invoke = invoke  # type: ignore[method-assign]
    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The export storefront's commands."""


def _progress(step: str, done: int, total: int) -> None:
    if not sys.stderr.isatty():
        if done == total:
            click.echo(f"  {step}: {total}", err=True)
        return
    click.echo(f"\r\033[K  {step} {done}/{total}", nl=done == total, err=True)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65534))
@click.option("--instance", "folder", type=click.Path(path_type=Path), help="Folder of the demonstration.")
@click.option("--reset", is_flag=True, help="Throw the demonstration away and make it anew.")
@click.option("--products", type=click.IntRange(1, 100_000), help="At least so many products.")
@click.option("--orders", default=420, show_default=True, type=click.IntRange(0, 20_000))
@click.option("--seed", default=1, show_default=True, type=int)
def demo(host: str, port: int, folder: Path | None, reset: bool, products: int | None, orders: int, seed: int) -> None:
    """Run the shop with a catalogue of its own and a stand-in for Stripe. Needs no account."""
    from shop.demo.run import run

    instance = (folder or Path(os.environ.get("SHOP_INSTANCE", "instance"))).resolve()
    click.echo("Preparing the demonstration …", err=True)
    code = run(
        host=host,
        port=port,
        instance=instance,
        reset=reset,
        products=products,
        orders=orders,
        seed=seed,
        say=lambda text: click.echo(text, err=True),
        progress=_progress,
        ready=lambda line: click.echo(line),
    )
    sys.stdout.flush()
    sys.exit(code)


def _say_promise(database_url: str) -> None:
    """What the process that starts stands on, and what of it could lose data."""
    promise = promise_of(database_url)
    for line in (promise.said, *promise.faults):
        click.echo(line, err=True)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=0, help="Processes; 0 means one per core.")
def run(host: str, port: int, workers: int) -> None:
    """Serve the shop."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    settings = load_settings(serving=True)
    if settings.media_folder is not None:
        settings.media_folder.mkdir(parents=True, exist_ok=True)
    build_fonts(settings.instance / "fonts")
    begin_logging(settings.log_format)
    _say_promise(settings.database_url)
    prepare()
    Granian(
        "shop.app:from_environment",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or os.cpu_count() or 1,
        blocking_threads=4,
        factory=True,
        log_level=LogLevels.warning,
        websockets=False,
        # One process that dies, for lack of memory perhaps, is replaced; without this it would end the whole shop.
        respawn_failed_workers=True,
    ).serve()


@cli.command()
def work() -> None:
    """Do the jobs that web requests leave: webhooks, letters, refunds, reconciliation."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_ignored: stop.set())
    settings = load_settings()
    begin_logging(settings.log_format)
    with _shop(serving=True):
        _say_promise(settings.database_url)
        worker.work(stop)


@cli.group()
def db() -> None:
    """Migrations."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision."""
    with _shop():
        schema.upgrade()
        with transaction():
            index_unindexed()


@db.command("check")
def db_check() -> None:
    """What the database promises; is the schema at head, and do the guards of the books stand?"""
    with _shop():
        promise = promise_of(load_settings().database_url)
        click.echo(promise.said)
        findings = [*promise.faults]
        if schema.at_head():
            findings += missing_guards()
        else:
            findings.append("The schema is not at head; run: shop db upgrade")
        for finding in findings:
            click.echo(finding, err=True)
        sys.exit(1 if findings else 0)


@cli.group()
def user() -> None:
    """Accounts."""


@user.command("create")
@click.option("--role", type=click.Choice(["staff", "artisan"]), required=True)
@click.option("--name", required=True)
@click.option("--language", type=click.Choice(["ar", "fr", "en"]), default="fr", show_default=True)
@click.option("--email")
@click.option("--phone")
@click.option("--unit", help="Public id of the unit an artisan acts for.")
@click.option("--secret-file", type=click.File(), help="Read the password or PIN from a file; asked for otherwise.")
def user_create(
    role: str, name: str, language: str, email: str | None, phone: str | None, unit: str | None, secret_file: click.File
) -> None:
    """Make an account: staff sign in by e-mail and password, artisans by phone and PIN."""
    if secret_file is not None:
        secret = secret_file.read().strip()  # type: ignore[attr-defined]
    else:
        secret = click.prompt("PIN" if role == "artisan" else "Password", hide_input=True, confirmation_prompt=True)
    with _shop(), transaction():
        account = create_account(role=role, name=name, language=language, secret=secret, phone=phone, email=email)
        if unit:
            grant_delegate(account.id, get_unit(unit).id, granted_by=None)
        click.echo(account.public_id)


@cli.command()
@click.option("--json", "as_json", is_flag=True)
def check(as_json: bool) -> None:
    """Every invariant of stock, orders, books and reports; one line per finding."""
    with _shop():
        findings = list_findings()
    if as_json:
        click.echo(json.dumps([{"invariant": f.invariant, "finding": f.text} for f in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.invariant}: {finding.text}")
    sys.exit(1 if findings else 0)


@cli.command()
@FORCE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path, force: bool) -> None:
    """Put back what FILE holds, then ask Stripe for everything since. What was there is kept aside."""
    with _shop():
        put_back(file, force=force)
    # Anew, because it is another database now: it may bear the demo's mark.
    with _shop():
        with transaction():
            index_unindexed()
        sys.exit(0 if catch_up_and_check() else 1)


@cli.command()
def doctor() -> None:
    """What is wrong with this installation: one line for each thing looked at; exit 1 if something is wrong."""
    wrong = 0
    for finding in examine(load_settings, _shop):
        click.echo(str(finding))
        wrong += finding.wrong
    sys.exit(1 if wrong else 0)


@cli.command()
def config() -> None:
    """Effective settings, secrets hidden."""
    for name, value in load_settings().shown().items():
        click.echo(f"{name} = {value}")


for _command in (import_group, export_group, backup_command, pictures_command, report, reconcile_command):
    cli.add_command(_in_context(_command))


def main() -> None:
    """Entry point: expected errors are one sentence on standard error."""
    try:
        cli.main(standalone_mode=True)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except ShopError as error:
        click.echo(error.text or type(error).__name__, err=True)
        if isinstance(error, Invalid):
            for name, text in error.fields.items():
                click.echo(f"  {name}: {text}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
