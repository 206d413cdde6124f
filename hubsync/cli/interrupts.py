"""Ctrl-C and SIGTERM: both end a command, also in the middle of a long query."""

from __future__ import annotations

import signal
import socket
import threading
import time
from types import FrameType

from hubsync.store import interrupt, open_connections

_ENDING = (signal.SIGINT, signal.SIGTERM)
_GRACE = 0.2
"""Seconds in which the main thread notices a signal by itself, unless it waits for a query."""


def heed() -> None:
    """End as after Ctrl-C on both signals; called once, by the main thread."""
    ear, mouth = socket.socketpair()
    mouth.settimeout(0)
    for number in _ENDING:
        signal.signal(number, _end)
    signal.set_wakeup_fd(mouth.detach(), warn_on_full_buffer=False)
    threading.Thread(target=watch, args=(ear,), name="interrupts", daemon=True).start()


def _end(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt: what is done is kept and the Run record says why; one SIGTERM is enough."""
    if number == signal.SIGTERM:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def watch(ear: socket.socket) -> None:
    """Hear of signals as they come, and end the queries that keep the main thread from noticing.

    Only connections that were open when the signal came are looked at: what is written afterwards, such as how the
    run ended, is left alone.
    """
    while heard := ear.recv(64):
        if set(heard) & set(_ENDING):
            waited_for = open_connections()
            time.sleep(_GRACE)
            # Again and again: the engine may lose a signal, and an interruption, that come while a query begins.
            while interrupt(waited_for):
                time.sleep(_GRACE)
