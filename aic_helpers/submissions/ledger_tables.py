"""The tables of the organiser's ledger, and how one is opened: an SQLite file, or a PostgreSQL server for several.

Rows are added and never changed. What becomes of a submission is a row of `events` for each change; the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aic_helpers.core import installation
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

with installation.needed("desk"):
    import sqlalchemy as sql

VERSION = 1

BUSY_S = 30
"""How long to wait for another program that writes to an SQLite ledger."""

CONNECT_S = 10

NONE_YET = "aic submit ingest makes one; check --desk and --ledger"

metadata = sql.MetaData()

ledger = sql.Table("ledger", metadata, sql.Column("version", sql.Integer, primary_key=True))

teams = sql.Table(
    "teams",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("name", sql.Text, nullable=False),
    sql.Column("name_key", sql.Text, nullable=False, unique=True),
    sql.Column("members", sql.JSON, nullable=False),
    sql.Column("token_sha256", sql.Text, nullable=False),
    sql.Column("message_id", sql.Text, nullable=False, unique=True),
    sql.Column("registered_utc", sql.Text, nullable=False),
)

submissions = sql.Table(
    "submissions",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("team_id", sql.ForeignKey(teams.c.id), nullable=False),
    sql.Column("track", sql.Text, nullable=False),
    sql.Column("day_utc", sql.Text, nullable=False),
    sql.Column("received_utc", sql.Text, nullable=False),
    sql.Column("message_id", sql.Text, nullable=False, unique=True),
    sql.Column("link", sql.Text, nullable=False),
    sql.Column("sha256", sql.Text, nullable=False),
    sql.Column("bytes", sql.BigInteger, nullable=False),
    sql.Column("claimed", sql.JSON, nullable=False),
    sql.Index("by_day", "team_id", "track", "day_utc"),
)

events = sql.Table(
    "events",
    metadata,
    sql.Column("submission_id", sql.ForeignKey(submissions.c.id), primary_key=True),
    sql.Column("number", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("state", sql.Text, nullable=False),
    sql.Column("at_utc", sql.Text, nullable=False),
    sql.Column("detail", sql.JSON, nullable=False),
)
"""The primary key keeps two machines from taking one submission: only one can add the row of the next number."""

closings = sql.Table(
    "closings",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("track", sql.Text, nullable=False),
    sql.Column("closed", sql.Boolean, nullable=False),
    sql.Column("at_utc", sql.Text, nullable=False),
)


def connect(place: str, *, make: bool) -> Engine:
    """Return the ledger at a place; where there is none yet it is made, if `make` says so.

    Parameters
    ----------
    place : str
        A file, or an SQLAlchemy URL such as ``postgresql+psycopg://user@host/database``.

    Raises
    ------
    InputError
        It can't be opened, is something else than a ledger, or one of a newer workbench.
    """
    engine = _engine(place, make)
    with told(place):
        with engine.execution_options(aic_reads=True).begin() as connection:
            tables = set(sql.inspect(connection).get_table_names())
        if "ledger" not in tables:
            if tables:
                found = f"a database of something else, with {len(tables)} tables"
                raise InputError(f"a ledger at {shown(place)}", found, "name another file, or an empty database")
            if not make:
                raise InputError(f"a ledger at {shown(place)}", "nothing", NONE_YET)
            _make(engine)
        with reading(engine) as connection:
            version = connection.scalar(sql.select(sql.func.max(ledger.c.version)))
    if version != VERSION:
        remedy = "use the workbench that made it" if (version or 0) > VERSION else "name another file"
        raise InputError(f"a ledger of version {VERSION} at {shown(place)}", f"version {version}", remedy)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that only reads, so that nobody waits for it."""
    with engine.execution_options(aic_reads=True).begin() as connection:
        yield connection


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turn what a database can't do into one line."""
    try:
        yield
    except sql.exc.DBAPIError as error:
        reason = " ".join(str(error.orig).split())[:200]
        raise InputError(f"a ledger at {shown(place)} that can be read and written", reason, _remedy(reason)) from None
    except sql.exc.SQLAlchemyError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"a ledger at {shown(place)}", reason, "name a file, or a database's URL") from None


def shown(place: str) -> str:
    """Return a ledger's place without a password."""
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", place))


def _remedy(reason: str) -> str:
    if "locked" in reason:
        return "end the program that holds it, and call this again; nothing was recorded"
    if "readonly" in reason or "read-only" in reason:
        return "make the file and its folder writable; nothing was recorded"
    if "not a database" in reason:
        return "name the ledger's own file"
    return "check the place, its permissions and the free space; nothing was recorded"


def _engine(place: str, make: bool) -> Engine:
    if "://" in place:
        with told(place):
            try:
                url = sql.make_url(place)
            except ValueError as error:
                raise InputError(f"a ledger's URL ({shown(place)})", str(error), "mend it") from None
            _refuse_memory(place, url.database if url.get_backend_name() == "sqlite" else place)
            arguments = {"connect_timeout": CONNECT_S} if url.get_backend_name() == "postgresql" else {}
            try:
                return sql.create_engine(url, connect_args=arguments, pool_pre_ping=True)
            except ImportError as error:
                remedy = f"{installation.command('desk')} brings one for postgresql+psycopg://..."
                raise InputError("a driver for that database", f"no module {error.name}", remedy) from None
    _refuse_memory(place, place)
    path = Path(place).expanduser()
    if not (make or path.exists()):
        raise InputError(f"a ledger at {path}", "nothing", NONE_YET)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sql.create_engine(sql.URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_S})
    sql.event.listen(engine, "connect", _on_connect)
    sql.event.listen(engine, "begin", _on_begin)
    return engine


def _refuse_memory(place: str, database: str | None) -> None:
    if database in (None, "", ":memory:"):
        raise InputError("a ledger in a file or on a server", f"{place}, which nothing keeps", "name a file")


def _on_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own: `_on_begin` does
    connection.execute("PRAGMA foreign_keys = ON")


def _on_begin(connection: Connection) -> None:
    """Begin a transaction that writes as the only one, so that what it reads first still holds when it writes."""
    reads = connection.get_execution_options().get("aic_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _make(engine: Engine) -> None:
    """Make the tables; of two programs that do so at once, the second finds them there."""
    if engine.dialect.name == "sqlite":
        with engine.execution_options(aic_reads=True).connect() as connection:
            # Readers don't wait for a writer then. It can't be set within a transaction.
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sql.text("SELECT pg_advisory_xact_lock(20180901)"))
        metadata.create_all(connection)
        if connection.scalar(sql.select(sql.func.count()).select_from(ledger)) == 0:
            connection.execute(sql.insert(ledger).values(version=VERSION))
