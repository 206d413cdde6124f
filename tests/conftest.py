"""What holds for all tests."""

from __future__ import annotations

import os

# The tests start many processes: each would compile the whole project anew, half a second of work, and keep nothing.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
