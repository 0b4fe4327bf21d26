"""PostgreSQL: written by pg_dump from one snapshot, put back by psql in one transaction; both come with the server's packages."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import URL, Connection

from shop.backup.errors import BackupFailed, RestoreRefused
from shop.core.errors import ShopError

# How often, and how long each time, all tables are asked for. A try is shorter than the server's deadlock_timeout of a
# second: whoever buys meanwhile waits, and is not chosen to fail.
TRIES, TRY_MS = 60, 500
# Names of libpq's environment for what stands in an address; the rest of its query is passed by name.
ENVIRONMENT = {"host": "PGHOST", "port": "PGPORT", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


def _environment(url: URL) -> dict[str, str]:
    """Where to connect, in the environment: what stands on a command line can be read by everybody on the machine."""
    given = {"PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database, "PGHOST": url.host}
    given["PGPORT"] = str(url.port) if url.port else None
    given |= {ENVIRONMENT[name]: str(value) for name, value in url.query.items() if name in ENVIRONMENT}
    return {**os.environ, **{name: value for name, value in given.items() if value}}


def _tool(name: str, failure: type[ShopError]) -> str:
    found = shutil.which(name)
    if found is None:
        raise failure(
            f"{name} is not on the path; install PostgreSQL's client programs (Debian: apt install postgresql-client)."
        )
    return found


def _run(command: list[str], url: URL, failure: type[ShopError]) -> None:
    result = subprocess.run(command, env=_environment(url), capture_output=True, text=True, check=False)
    if result.returncode:
        said = " ".join(result.stderr.split()) or f"it ended with {result.returncode}"
        raise failure(f"{Path(command[0]).name} failed: {said}", command=command[0])


@contextmanager
def snapshot(engine: Engine) -> Iterator[tuple[Connection, str]]:
    """A connection that sees one moment, and the name under which others may see the same one."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection, str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar())


def copy_database(engine: Engine, name: str, target: Path) -> None:
    """Everything of the schema `public` as a script, as the snapshot sees it. Writers go on meanwhile."""
    tool = _tool("pg_dump", BackupFailed)
    options = ["--schema=public", "--no-owner", "--no-privileges", f"--snapshot={name}", f"--file={target}"]
    _run([tool, *options], engine.url, BackupFailed)


def put_back(script: Path, counts: dict[str, int], mark: tuple[str, str], engine: Engine, aside: str | None) -> None:
    """Run a script in place of what is there, in one transaction; running processes go on with the new tables.

    What was there stays in the schema `aside`; `mark` is a row for the table of marks, unless it is there. Raises RestoreRefused if a table stays in use, if the script does not run
    to its end, or if it does not leave the rows that were counted.
    """
    tool = _tool("psql", RestoreRefused)
    tables = ", ".join(f"public.{table}" for table in sorted(inspect(engine).get_table_names(schema="public")))
    # Transactions under way end first: none may write half to the old tables and half to the new.
    held = [f"SET lock_timeout = '{TRY_MS}ms'", _take(tables)] if tables else []
    begin = f"ALTER SCHEMA public RENAME TO {aside}" if aside else "DROP SCHEMA public"
    compared = " ".join(
        f"IF (SELECT count(*) FROM public.{table}) <> {rows} THEN RAISE 'public.{table} has not {rows} rows'; END IF;"
        for table, rows in sorted(counts.items())
    )
    remember = "INSERT INTO public.installation (key, value) VALUES ('{}', '{}') ON CONFLICT DO NOTHING".format(*mark)
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    acts = [f"--command={act}" for act in (*held, begin)]
    acts += [f"--file={script}", f"--command=DO $$ BEGIN {compared} END $$", f"--command={remember}"]
    _run([tool, *options, *acts], engine.url, RestoreRefused)


def _take(tables: str) -> str:
    return f"""DO $$ BEGIN
        FOR tried IN 1..{TRIES} LOOP
            BEGIN
                LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
                RETURN;
            EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                PERFORM pg_sleep(0.1);
            END;
        END LOOP;
        RAISE 'the tables stay in use; stop the shop and its worker, and try again';
    END $$"""
