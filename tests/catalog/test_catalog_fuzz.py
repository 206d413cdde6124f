"""Whatever stands in the files: a catalog, or a list of mistakes; never a traceback.

`HUBSYNC_FUZZ=10000 pytest tests/catalog/test_catalog_fuzz.py` tries as many sets of files; the suite tries a few.
"""

from __future__ import annotations

import os
import random
import re
import tempfile
from pathlib import Path

from catalog_small import FILES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubsync.catalog import load_checked
from hubsync.catalog.starter import shipped

TOKENS = (
    "null", "~", "[]", "{}", "[a, [b]]", "{a: {b: c}}", "-1", "1e400", "nan", ".inf", "99999 years", "''", "'", '"',
    ":", "- ", "on", "NO", "true", "&a", "*a", "!x", "|", ">", "#", "\t", "\n", "\x00", "\u2028", "🔥", "{portal}",
    "? ", "customer", "crowd", "companies", "contacts", "quiet_days + 1", "a > b > c", "select 1",
    "case when 1 then 2 end", "x.y", "*", "known()", "days_since('x')", "1/0", "'a' || 'b'", "(((((",
    "not not not true", "a in ()", "cast(a as int)", "9" * 400, "x" * 5000, "between", "@variable", "$1", ":name",
    "interval '1 day'", "x::int", "[1][0]", "{'a': 1}",
)  # fmt: skip
SETS = (FILES, shipped())
TRIES = int(os.environ.get("HUBSYNC_FUZZ", "20"))


def _broken(text: str, dice: random.Random) -> str:
    words = list(re.finditer(r"[\w'>=<.%/-]+", text))
    match dice.randrange(6):
        case 0 if words:
            word = dice.choice(words)
            return text[: word.start()] + dice.choice(TOKENS) + text[word.end() :]
        case 1 if words:
            one, other = dice.choice(words), dice.choice(words)
            return text[: one.start()] + other[0] + text[one.end() :]
        case 2:
            lines = text.splitlines(keepends=True)
            del lines[dice.randrange(len(lines)) :: max(1, dice.randrange(len(lines) + 1))]
            return "".join(lines)
        case 3:
            at = dice.randrange(len(text))
            return text[:at] + dice.choice(TOKENS) + text[at:]
        case 4:
            at = dice.randrange(len(text))
            return text[:at] + text[at + 1 + dice.randrange(5) :]
    lines = text.splitlines(keepends=True)
    dice.shuffle(lines)
    return "".join(lines)


@settings(max_examples=TRIES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 10**9))
def test_broken_files_give_mistakes(seed: int) -> None:
    """Files that were mutated at random load, or give mistakes that name a file and a line."""
    dice = random.Random(seed)
    texts = dict(SETS[seed % 8 == 0])
    for _ in range(1 + dice.randrange(4)):
        file = dice.choice(sorted(texts))
        texts[file] = _broken(texts[file], dice) or "x"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").mkdir()
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        catalog, mistakes = load_checked(folder)
    assert (catalog is None) == bool(mistakes)
    for mistake in mistakes:
        assert mistake.line >= 1
        assert mistake.file in texts
        assert mistake.message[-1] in ".?!"
