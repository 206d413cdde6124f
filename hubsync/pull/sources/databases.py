"""SQL databases outside HubSpot, by SQLAlchemy: read only, in pieces, and silent about their addresses.

An address has a password in it. So no error shows one, and none of the driver's own words about a connection, which
name users and hosts; errors are not chained to the driver's for the same reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubsync.errors import InputError, UnreachableError
from hubsync.scoring.origins import SqlSource

if TYPE_CHECKING:
    import sqlalchemy as sa

PIECE = 2_000
"""Rows that are in memory at a time."""

Row = Mapping[str, Any]

# A TIMESTAMP of MySQL is shown without a zone in that of the session.
_MYSQL = ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'")
_STATEMENTS: Mapping[str, Sequence[str]] = {
    "sqlite": ("PRAGMA query_only = ON",),
    "postgresql": ("SET TRANSACTION READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}
"""How a database is told that nothing will be written; to others nothing is ever committed."""

_PACKAGES = {"psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""Packages of drivers that are not named like their modules."""

_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")
_ESCAPED = r"\\:"
_LONGEST_WORDS = 200
_PLAIN = (TypeError, ValueError, LookupError)
"""What drivers raise that is no error of theirs: for settings in an address, and for values that Python has not."""

_TIMES = ("date", "timestamp", "timestamptz")

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


@dataclass(frozen=True)
class Database:
    """The database at an address; `source` says what is read of it."""

    source: SqlSource
    address: str = field(repr=False)

    @property
    def place(self) -> str:
        """Which database it is, without how one gets in."""
        url = self._url
        return f"{url.get_backend_name()}|{url.host}|{url.port}|{url.database}"

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Connect for reading; raises UnreachableError, and InputError for what has to be mended here."""
        sqlalchemy, engine = _library(), self._engine()
        try:
            connection = engine.connect()
        except (*_PLAIN, sqlalchemy.exc.ProgrammingError):
            raise self._misunderstood() from None
        except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            kind = type(getattr(error, "orig", None) or error).__name__
            raise UnreachableError(
                f"the database of {self.source.url_env} can't be reached or refuses the login ({kind})"
            ) from None
        with connection:
            for statement in _STATEMENTS.get(engine.dialect.name, ()):
                connection.execute(sqlalchemy.text(statement))
            _read_what_fits(engine.dialect.driver, connection.connection.driver_connection)
            yield Connection(self.source, connection)
            connection.rollback()

    @cached_property
    def _url(self) -> sa.URL:
        sqlalchemy = _library()
        try:
            made: sa.URL = sqlalchemy.make_url(self.address)
        except (sqlalchemy.exc.ArgumentError, ValueError):
            raise InputError(
                f"{self.source.url_env} is no address of a database; write it like"
                " postgresql+psycopg://user:password@host/name."
            ) from None
        return made

    def _engine(self) -> sa.Engine:
        sqlalchemy, url = _library(), self._url
        if url.get_backend_name() == "sqlite" and not _is_there(url.database):
            raise UnreachableError(f"there is no database file where {self.source.url_env} says")
        try:
            made: sa.Engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True)
        except sqlalchemy.exc.NoSuchModuleError:
            raise InputError(
                f"{self.source.url_env} begins with '{url.drivername[:40]}', which is no database that SQLAlchemy"
                " knows: install the package of its dialect, or mend the address."
            ) from None
        except ModuleNotFoundError as error:
            package = _PACKAGES.get(error.name or "", error.name)
            raise InputError(f"The driver for {self.source.url_env} is not installed: pip install {package}.") from None
        except (*_PLAIN, sqlalchemy.exc.ArgumentError):
            raise self._misunderstood() from None
        return made

    def _misunderstood(self) -> InputError:
        return InputError(
            f"{self.source.url_env} has a setting behind its question mark that the driver does not understand."
        )


class Connection:
    """An open database of a source."""

    def __init__(self, source: SqlSource, connection: sa.Connection) -> None:
        self._source = source
        self._connection = connection
        self._sa = _library()

    def expect(self, columns: Sequence[str]) -> None:
        """Raise InputError unless the table or query is there and has these columns."""
        nothing = self._sa.select(self._sa.text("*")).select_from(self._relation).where(self._sa.text("1 = 0"))
        with self._told():
            there = list(self._connection.execute(nothing).keys())
        missing = [column for column in columns if column not in there]
        if missing:
            raise InputError(
                f"{self._what} has no column {' or '.join(sorted(missing))}; its columns are {', '.join(there)}."
            )

    def rows(self, columns: Sequence[str], since: object | None) -> Iterator[Sequence[Row]]:
        """The rows in pieces, in the order of the cursor's column and from a value of it on."""
        sqlalchemy, cursor = self._sa, self._source.cursor
        query = sqlalchemy.select(*(sqlalchemy.column(name) for name in columns)).select_from(self._relation)
        if cursor is not None:
            query = query.order_by(sqlalchemy.column(cursor))
            if since is not None:
                query = query.where(sqlalchemy.column(cursor) >= sqlalchemy.literal(since))
        with self._told():
            for piece in self._connection.execute(query.execution_options(yield_per=PIECE)).partitions():
                yield [dict(zip(columns, row, strict=True)) for row in piece]

    @property
    def _what(self) -> str:
        name = f"The table {self._source.table}" if self._source.table else "The query"
        return f"{name} of {self._source.url_env}"

    @property
    def _relation(self) -> sa.FromClause | sa.TextClause:
        if self._source.table is not None:
            schema, _, name = self._source.table.rpartition(".")
            table: sa.FromClause = self._sa.table(name, schema=schema or None)
            return table
        query = (self._source.query or "").strip().rstrip(";")
        # A colon before a name would be taken for a parameter.
        text: sa.TextClause = self._sa.text(f"({_COLON.sub(_ESCAPED, query)}\n) hubsync_rows")
        return text

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the database says about the table or query into an InputError, but for one that is away now."""
        try:
            yield
        except self._sa.exc.SQLAlchemyError as error:
            if _is_away(error):
                raise UnreachableError(
                    f"the database of {self._source.url_env} is locked or went away while it was read"
                ) from None
            raise InputError(f"{self._what} can't be read: {_words(getattr(error, 'orig', None) or error)}.") from None
        except _PLAIN as error:
            # Its own words quote the value.
            raise InputError(f"{self._what} has a value that the driver can't read ({type(error).__name__}).") from None


def _library() -> Any:
    try:
        import sqlalchemy
    except ModuleNotFoundError:
        raise InputError("A source 'from: sql' needs SQLAlchemy: pip install 'hubsync[sql]'.") from None
    return sqlalchemy


def _read_what_fits(driver: str, connection: Any) -> None:
    """Let one value that Python has not be unreadable or unknown: it must not hide all other rows."""
    if driver == "pysqlite":
        # SQLite keeps any bytes as text.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    elif driver == "psycopg":
        # PostgreSQL keeps times such as 'infinity' and years before Christ.
        for each in _TIMES:
            oid = connection.adapters.types[each].oid
            connection.adapters.register_loader(oid, _forgiving(connection.adapters.get_loader(oid, 0)))


def _forgiving(loader: Any) -> type:
    """A loader of psycopg that gives None for a value which the given one can't read."""

    class Forgiving:
        format = loader.format

        def __init__(self, oid: int, context: Any = None) -> None:
            self._strict = loader(oid, context)

        def load(self, data: Any) -> Any:
            try:
                return self._strict.load(data)
            except Exception:  # noqa: BLE001 (psycopg's own errors can't be named where it is not installed)
                return None

    return Forgiving


def _words(error: BaseException) -> str:
    """What a database says about a mistake, without a number before it."""
    said = error.args[-1] if error.args and isinstance(error.args[-1], str) else error
    return (str(said).strip() or type(error).__name__).splitlines()[0][:_LONGEST_WORDS].rstrip(".")


def _is_away(error: Exception) -> bool:
    """Whether the connection broke, or another program keeps the file to itself: it may work a moment later."""
    busy = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
    return getattr(error, "connection_invalidated", False) or busy.startswith(_BUSY)


def _is_there(database: str | None) -> bool:
    """Whether a file of SQLite exists: it would be made where it does not."""
    return database is not None and (database.startswith("file:") or Path(database).is_file())
