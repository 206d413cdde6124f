"""`python -m hubsync` is the command `hubsync`."""

from __future__ import annotations

from hubsync.cli import main

if __name__ == "__main__":
    main()
