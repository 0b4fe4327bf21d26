"""How far a command has come, for whoever sits at a terminal."""

import sys
import time

import click


class Progress:
    """A line on a terminal that says how far the work is, after two seconds of work; nothing in a pipe."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown = False
        self.patient_until = time.monotonic() + 2

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() > self.patient_until:
            self.shown = True
            click.echo(f"\r{self.name}  {done} / {total}", err=True, nl=False)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self.shown:
            click.echo("\r\x1b[K", err=True, nl=False)
