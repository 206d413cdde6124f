"""A signal ends a command also while a query keeps all threads busy."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from hubsync.cli.interrupts import watch
from hubsync.store import Store
from hubsync.workspace import moment

# The main thread never gets to Python while the query runs; it would take hours.
BUSY = """
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from hubsync.cli.interrupts import heed
from hubsync.store import Store
from hubsync.workspace import moment
heed()
store = Store.open(Path(sys.argv[1]), "1")
store = Store(replace(store.database, threads=2), store.portal_id)
try:
    with store.scratch(moment(datetime(2026, 9, 21), "UTC"), []) as scratch:
        print("busy", flush=True)
        scratch.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(3000000) b")
except KeyboardInterrupt:
    with store.write() as writer:
        writer.set_meta("ended", "cleanly")
        print(writer.meta("ended"), flush=True)
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_query_on_several_threads(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it at once, and what is written about the end is not disturbed."""
    with subprocess.Popen([sys.executable, "-c", BUSY, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        process.send_signal(number)
        try:
            said, _ = process.communicate(timeout=20)
        finally:
            process.kill()

    assert (process.returncode, said) == (130, "cleanly\n")


def test_a_query_that_hides_the_signal_is_ended(tmp_path: Path) -> None:
    """A signal that nobody has noticed ends the queries under way; here the query's thread never hears of any."""
    ear, mouth = socket.socketpair()
    threading.Thread(target=watch, args=(ear,), daemon=True).start()
    store, begun = Store.open(tmp_path, "1"), threading.Event()
    store = Store(replace(store.database, threads=2), store.portal_id)

    def busy() -> None:
        with store.scratch(moment(datetime(2026, 9, 21), "UTC"), []) as scratch:
            begun.set()
            scratch.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(3000000) b")

    with ThreadPoolExecutor(1) as thread:
        query = thread.submit(busy)
        begun.wait()
        mouth.send(bytes([signal.SIGTERM]))
        with pytest.raises(KeyboardInterrupt):
            query.result(timeout=20)
    mouth.close()
