"""The signals SQL on Spark: rows go out as Parquet files, one row per record comes back (docs/engines.md)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlglot import exp

from hubsync.errors import InputError, StoreError
from hubsync.scoring import sql
from hubsync.scoring.configuration import OnSpark
from hubsync.scoring.facts import facts_query
from hubsync.scoring.needs import Need
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch

JAVA = 17
"""The oldest Java that Spark 4 runs on."""

_PATIENCE = 30
"""Seconds in which Java must have ended."""

_INSTEAD = "or set engine: duckdb in hubsync.yaml"

# The meaning of the statements depends on these: ages are counted in UTC, and an overflow is an error.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    # Otherwise "${env:NAME}" in a text of the configuration would be the value of that variable.
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.compression.codec": "zstd",
}
# Spark's own log quotes the values at which a statement failed.
_LOG = """\
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
appender.none.type = Null
appender.none.name = none
"""


def unable() -> str | None:
    """A sentence about what is missing for Spark on this machine, with what to do; None when nothing is."""
    if find_spec("pyspark") is None:
        return f"engine: spark needs the package pyspark: install it by `pip install 'hubsync[spark]'`, {_INSTEAD}."
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(Path(home, "bin", "java")) if home else shutil.which("java")
    version = _java_version(java) if java else None
    if version is None or version < JAVA:
        found = f"not Java {version}" if version else "and none was found"
        return (
            f"engine: spark needs Java {JAVA} or newer, {found}: install it (on Debian: apt-get install"
            f" openjdk-{JAVA}-jre-headless), or name its folder in JAVA_HOME, {_INSTEAD}."
        )
    return None


def _java_version(java: str) -> int | None:
    """The first number of a Java's version; that of Java 8 and older is 1."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else None


def make_facts(
    scratch: Scratch, objects: Sequence[str], needs: AbstractSet[Need], vocabulary: Vocabulary, given: OnSpark
) -> None:
    """Make `facts_<object>` of each object, in this order, as DuckDB would.

    Raises InputError when Spark can't start, and StoreError when it can't do it.
    """
    # Every command reads this file, and hardly any needs the dialects of Spark.
    from hubsync.scoring.dialects import SignalsOnSpark

    known = set[str]()
    with (
        scratch.exchange() as local,
        _session(given, local) as spark,
        _told(),
        _Place(spark, local, given.folder) as place,
    ):
        for object_ in objects:
            query = facts_query(object_, needs, vocabulary)
            for table in sorted({found.name for found in query.find_all(exp.Table)} - known):
                scratch.export(table, local / table)
                place.show(place.send(table), table)
            facts = f"facts_{object_}"
            spark.sql(sql.render(query, SignalsOnSpark)).write.parquet(place.at(facts))
            place.show(place.at(facts), facts)
            scratch.take_in(facts, place.fetch(facts), sql.render(query))
            known |= {found.name for found in query.find_all(exp.Table)} | {facts}


class _Place:
    """Where the files lie while Spark works: in the local folder, or in one of this run that all of it reaches."""

    def __init__(self, spark: Any, local: Path, folder: str | None) -> None:
        self._spark = spark
        self._local = local
        self._shared = f"{folder.rstrip('/')}/{uuid.uuid4().hex}" if folder else None

    def __enter__(self) -> _Place:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._shared is not None:
            where = self._path(self._shared)
            self._files(where).delete(where)

    def at(self, name: str) -> str:
        """What Spark calls a file."""
        return f"{self._shared}/{name}" if self._shared else (self._local / name).as_uri()

    def send(self, name: str) -> str:
        """Bring a local file to where Spark reads it."""
        if self._shared is not None:
            there = self._path(self.at(name))
            self._files(there).copyFromLocalFile(self._path((self._local / name).as_uri()), there)
        return self.at(name)

    def fetch(self, name: str) -> Path:
        """The local folder with what Spark wrote."""
        if self._shared is not None:
            there = self._path(self.at(name))
            self._files(there).copyToLocalFile(there, self._path((self._local / name).as_uri()))
        return self._local / name

    def show(self, place: str, name: str) -> None:
        """Let Spark's statements read a file by its relation's name."""
        self._spark.read.parquet(place).createOrReplaceTempView(name)

    # PySpark has no way of its own to the file systems that its Hadoop part speaks to.
    def _path(self, text: str) -> Any:
        return self._spark._jvm.org.apache.hadoop.fs.Path(text)  # noqa: SLF001

    def _files(self, path: Any) -> Any:
        return path.getFileSystem(self._spark._jsc.hadoopConfiguration())  # noqa: SLF001


@contextmanager
def _session(given: OnSpark, local: Path) -> Iterator[Any]:
    """A session of our own in the Spark of this process; one that is started for it ends with it."""
    if missing := unable():
        raise InputError(missing)
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    spark = running.newSession() if running is not None else _started(given, local)
    try:
        for key, value in MEANING.items():
            spark.conf.set(key, value)
        yield spark
    finally:
        if running is None:
            _end(spark)


def _end(spark: Any) -> None:
    """Stop what was started, its Java too: it would hold its memory, and make its first folder of files again."""
    from pyspark import SparkContext

    gateway = spark.sparkContext._gateway  # noqa: SLF001 (PySpark itself leaves Java running until Python ends)
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001


def _started(given: OnSpark, local: Path) -> Any:
    from pyspark.sql import SparkSession

    log = local / "log4j2.properties"
    log.write_text(_LOG, encoding="utf-8")
    builder: Any = SparkSession.builder
    builder = builder.appName("hubsync").master(given.master)
    builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={log.as_uri()}")
    if given.is_local:
        for key in ("spark.driver.host", "spark.driver.bindAddress"):
            builder = builder.config(key, "127.0.0.1")
        # What doesn't fit in memory is personal data, too.
        builder = builder.config("spark.local.dir", str(local / "spill"))
    with _own_interrupts():
        try:
            return builder.getOrCreate()
        except Exception as error:
            raise InputError(
                f"Spark could not start with master: {given.master} ({_kind(error)}): see that this machine reaches"
                f" it, {_INSTEAD}."
            ) from error


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Keep what Ctrl-C does: PySpark puts a handler of its own in its place."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


@contextmanager
def _told() -> Iterator[None]:
    """Turn Spark's errors into ours, without its words: they quote values."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise StoreError(
            f"Spark could not make the signals ({_kind(error)}): see that it reaches the folder named under spark in"
            f" hubsync.yaml and has enough memory, {_INSTEAD}."
        ) from error


def _kind(error: Exception) -> str:
    """What Spark calls an error, or what class it is of in Java or Python."""
    condition = getattr(error, "getCondition", lambda: None)()
    if condition:
        return str(condition)
    java = getattr(error, "java_exception", None)
    return str(java.getClass().getSimpleName()) if java is not None else type(error).__name__
