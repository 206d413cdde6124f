"""Generated expressions and dirty values."""

from __future__ import annotations

from hypothesis import strategies as st

EXPRESSION_PROPERTIES = {
    "n": "number", "m": "number", "s": "text", "r": "text", "b": "bool", "c": "bool", "d": "date", "e": "date",
    "t": "datetime",
    "u": "datetime", "employees_here": "number",
}  # fmt: skip
BY_TYPE = {
    "number": ["n", "m"], "text": ["s", "r"], "bool": ["b", "c"], "date": ["d", "e"], "datetime": ["t", "u"],
}  # fmt: skip
NUMBERS = [
    "0",
    "1",
    "-1",
    "2.5",
    "30",
    "1e3",
    ".5",
    "+7",
    " 8 ",
    "N/A",
    "NaN",
    "",
    "Infinity",
    "1e308",
    "-1e308",
    "1e400",
    "7,5",
]
TEXTS = [
    "x",
    "X",
    "software",
    "Computer Software",
    "it's",
    "",
    " ",
    "a;b",
    "9",
    "N/A",
    "🙂",
    "\u00a0",
    "%",
    "Straße",
    "a" * 300,
]
BOOLS = ["true", "false", "TRUE", "", "yes", "1"]
DATES = [
    "2026-09-20",
    "2026-09-21",
    "2026-02-30",
    "2025-12-31",
    "1789990000000",
    "2026-09-21T03:00:00Z",
    "",
    "soon",
    "0",
]
MOMENTS = [
    *DATES,
    "2026-09-21T04:00:00Z",
    "2026-09-21T03:59:59.999Z",
    "2026-09-21 10:00:00+02:00",
    "2026-08-21T23:00:00-05:00",
]
RAW = {"number": NUMBERS, "text": TEXTS, "bool": BOOLS, "date": DATES, "datetime": MOMENTS}


def raw_values() -> dict[str, st.SearchStrategy[str | None]]:
    """Raw text of each property, dirty more often than not."""
    return {name: st.one_of(st.none(), st.sampled_from(RAW[kind])) for kind, names in BY_TYPE.items() for name in names}


def quoted(text: str) -> str:
    """A text literal."""
    return "'" + text.replace("'", "''") + "'"


def expressions() -> st.SearchStrategy[str]:
    """Any expression of the language."""
    return st.one_of(conditions(), numbers(), values("text"))


def values(kind: str, depth: int = 1) -> st.SearchStrategy[str]:
    """An expression of one type."""
    names = st.sampled_from(BY_TYPE[kind])
    if kind == "number":
        return numbers(depth)
    if kind == "bool":
        return st.one_of(names, st.sampled_from(["true", "false"]))
    if kind == "text":
        literal = st.sampled_from(TEXTS).map(quoted)
        return st.one_of(
            names, literal, names.map(lambda name: f"lower({name})"), names.map(lambda n: f"coalesce({n}, 'x')")
        )
    return names


def numbers(depth: int = 2) -> st.SearchStrategy[str]:
    """An expression that is a number."""
    simple = st.one_of(
        st.sampled_from(BY_TYPE["number"]),
        st.sampled_from(["0", "1", "2.5", "30", "1e2", ".5", "100"]),
        st.sampled_from(["days_since(d)", "days_until(e)", "days_since(t)", "days_until(u)", "number(s)"]),
    )
    if depth == 0:
        return simple
    inner = numbers(depth - 1)
    return st.one_of(
        simple,
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"{p[0]} {p[1]} {p[2]}"),
        st.tuples(inner, inner).map(lambda p: f"ratio({p[0]}, {p[1]})"),
        st.tuples(st.sampled_from(["least", "greatest", "coalesce"]), inner, inner).map(
            lambda p: f"{p[0]}({p[1]}, {p[2]})"
        ),
        st.tuples(st.sampled_from(["abs", "floor", "ceil"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
        inner.map(lambda n: f"-({n})"),
        inner.map(lambda n: f"({n})"),
    )


def conditions(depth: int = 2) -> st.SearchStrategy[str]:
    """An expression that is true or false."""
    pairs = st.sampled_from(["number", "text", "date", "datetime"]).flatmap(
        lambda kind: st.tuples(values(kind), values(kind))
    )
    operators = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
    day = st.sampled_from(["'2026-09-20'", "'2026-09-21'", "'2026-01-01'"])
    simple = st.one_of(
        st.tuples(pairs, operators).map(lambda p: f"{p[0][0]} {p[1]} {p[0][1]}"),
        st.tuples(st.sampled_from(["d", "t"]), operators, day).map(" ".join),
        st.tuples(st.sampled_from(["d", "e"]), operators, st.sampled_from(["t", "u"])).map(" ".join),
        st.sampled_from(BY_TYPE["bool"]),
        st.tuples(st.sampled_from("nmsrbdtu"), st.just("")).map(lambda p: f"known({p[0]})"),
        st.tuples(numbers(1), st.sampled_from(["in", "not in"]), numbers(0), numbers(0)).map(
            lambda p: f"{p[0]} {p[1]} ({p[2]}, {p[3]})"
        ),
        st.tuples(values("text"), st.lists(values("text"), min_size=1, max_size=3)).map(
            lambda p: f"{p[0]} in ({', '.join(p[1])})"
        ),
        st.tuples(numbers(1), st.sampled_from(["between", "not between"]), numbers(0), numbers(0)).map(
            lambda p: f"{p[0]} {p[1]} {p[2]} and {p[3]}"
        ),
        st.tuples(
            st.sampled_from(["contains", "starts_with", "has"]), values("text"), values("text"), values("text")
        ).map(lambda p: f"{p[0]}({p[1]}, {p[2]}, {p[3]})"),
    )
    if depth == 0:
        return simple
    inner = conditions(depth - 1)
    return st.one_of(
        simple,
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda c: f"not ({c})"),
        inner.map(lambda c: f"not {c}"),
        inner.map(lambda c: f"({c})"),
    )
