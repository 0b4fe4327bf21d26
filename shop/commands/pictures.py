"""`shop pictures`: every file of every picture is there or is made. Exit 1 if some picture is only in a backup."""

import sys

import click

from shop.commands.progress import Progress
from shop.media.renditions import mend_all


@click.command("pictures")
def pictures_command() -> None:
    """Make the files of pictures that are missing, AVIF included, from the largest JPEG of each."""
    with Progress("pictures") as progress:
        mended = mend_all(progress)
    click.echo(f"Pictures: {mended.pictures}; files made: {mended.files}.")
    for sha256 in mended.gone:
        click.echo(f"The largest file of {sha256} is missing, and nothing can be made without it.", err=True)
    sys.exit(1 if mended.gone else 0)
