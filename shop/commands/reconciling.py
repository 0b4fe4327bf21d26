"""`shop reconcile`. Exit codes: 0 no difference, 1 something was found (healed or not) or Stripe is silent, 2 wrong usage."""

import json
import sys
from datetime import datetime

import click

from shop.commands.progress import Progress
from shop.core.errors import EdgeFailed
from shop.i18n import gettext as _
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import use_language
from shop.payments.reconcile import Reconciliation, reconcile


@click.command("reconcile")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="From this day on, as in 2026-03-01 (Casablanca). Without it, from the last reconciliation that left nothing "
    "open, less three days.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@click.option("--lang", "language", type=click.Choice([*LANGUAGES]), default="en", show_default=True)
def reconcile_command(since: datetime | None, as_json: bool, language: str) -> None:
    """Compare Stripe's balance with the books, heal what can be healed, list every difference."""
    with use_language(language):
        try:
            with Progress("Stripe") as progress:
                done = reconcile(since.date() if since else None, progress=progress)
        except EdgeFailed as error:
            # Of Stripe's own words the first sentence: it tells a lost connection from a wrong key.
            reason = str(error.data.get("stripe", "")).partition(".")[0]
            click.echo(_("Stripe does not answer (%(reason)s). Run the command again later.", reason=reason), err=True)
            sys.exit(1)
        _tell(done, as_json)
    sys.exit(1 if done.differences else 0)


def _tell(done: Reconciliation, as_json: bool) -> None:
    if as_json:
        facts = {
            "since": done.since.isoformat(),
            "until": done.until.isoformat(),
            "movements": done.movements,
            "payouts": done.payouts,
            "differences": [difference.as_data() for difference in done.differences],
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for difference in done.differences:
        click.echo(f"{difference.kind}: {difference.sentence()}")
