"""The expression language in plain Python: how values are read, and what an expression says about one record.

Written from the design alone; it shares no code with hubsync. An expression becomes a typed node whose `value`
takes the record (or event) it speaks of; None is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

Value = Any
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Node:
    """A value with its type: number, text, bool, date or datetime."""

    type: str
    value: Callable[[Any], Value]
    available: bool = True
    literal: str | None = None


@dataclass(frozen=True)
class Now:
    """The moment ages are counted to."""

    now: datetime
    day: date
    day_start: datetime

    def age(self, value: date | datetime | None) -> float | None:
        """Whole portal days: 0 today, 1 yesterday, negative in the future."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return float(-((value - self.day_start) // DAY))
        return float((self.day - value).days)


# How HubSpot's text becomes a value

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_ISO = re.compile(
    r"((?:19|20|21)\d\d)-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?: ?(Z|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)


def read_text(raw: str | None) -> str | None:
    """Text without blanks at its ends; empty text is unknown."""
    return (raw.strip(" \t\r\n\u00a0") or None) if raw is not None else None


def read_number(text: str | None) -> float | None:
    """A finite number."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def read_bool(text: str | None) -> bool | None:
    """true or false in any case."""
    return {"true": True, "false": False}.get(lower(text)) if text is not None else None


def read_moment(text: str | None) -> datetime | None:
    """ISO text or milliseconds, as naive UTC; impossible dates are unknown."""
    if text is None:
        return None
    if re.fullmatch(r"\d{12,14}", text, re.ASCII):
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=int(text))
        return moment if moment.year < 2200 else None
    match = _ISO.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = int((match[7] or "").ljust(6, "0")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, fraction)
    except ValueError:
        return None
    if match[8] in (None, "Z"):
        return moment
    hours, minutes = int(match[8][1:3]), int(match[8][-2:])
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return moment - offset if match[8][0] == "+" else moment + offset


def read(raw: str | None, kind: str) -> Value:
    """A property's raw text as a value of its type."""
    text = read_text(raw)
    if kind == "date":
        moment = read_moment(text)
        return moment.date() if moment else None
    return {"number": read_number, "bool": read_bool, "datetime": read_moment, "text": lambda t: t}[kind](text)


def lower(text: str) -> str:
    """Lower case letter by letter, without regard to what stands around a letter."""
    return "".join(letter.lower()[0] for letter in text)


# Parsing

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_]\w*)|"
    r"(?P<sign><>|!=|<=|>=|[-+*/=<>(),]))"
)


def tokens(text: str) -> list[tuple[str, str]]:
    """The words of an expression with their sorts."""
    found, place, text = [], 0, text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise ValueError(f"no expression: {text!r}")
        sort = str(match.lastgroup)
        word = match[sort]
        keyword = sort == "name" and word.lower() in ("and", "or", "not", "in", "between", "true", "false")
        found.append(("key", word.lower()) if keyword else (sort, word))
        place = match.end()
    return [*found, ("end", "")]


class Parser:
    """Recursive descent over the tokens, building typed nodes with the names of a scope."""

    def __init__(self, text: str, resolve: Callable[[str], Node], now: Now) -> None:
        self.words, self.place, self.resolve, self.now = tokens(text), 0, resolve, now

    def parse(self) -> Node:
        """The whole expression."""
        node = self.disjunction()
        if self.words[self.place][0] != "end":
            raise ValueError(f"left over: {self.words[self.place :]}")
        return node

    def took(self, *words: str) -> str | None:
        """Consume one of these words when it comes next."""
        sort, word = self.words[self.place]
        if sort in ("sign", "key") and word in words:
            self.place += 1
            return word
        return None

    def disjunction(self) -> Node:
        """a or b."""
        sides = [self.conjunction()]
        while self.took("or"):
            sides.append(self.conjunction())
        return sides[0] if len(sides) == 1 else made("bool", lambda *v: either(v), *sides)

    def conjunction(self) -> Node:
        """a and b."""
        sides = [self.negation()]
        while self.took("and"):
            sides.append(self.negation())
        return sides[0] if len(sides) == 1 else made("bool", lambda *v: both(v), *sides)

    def negation(self) -> Node:
        """not a."""
        if self.took("not"):
            return made("bool", negated, self.negation())
        return self.comparison()

    def comparison(self) -> Node:
        """a = b, a in (b, c), a between b and c."""
        left = self.sum()
        if sign := self.took("=", "<>", "!=", "<", "<=", ">", ">="):
            return made("bool", lambda a, b: compared(sign, a, b), *alike(left, self.sum()))
        refused = bool(self.took("not"))
        if self.took("in"):
            members = alike(left, *self.listed())
            node = made("bool", lambda a, *rest: either([compared("=", a, b) for b in rest]), *members)
        elif self.took("between"):
            low = self.sum()
            assert self.took("and")
            sides = alike(left, low, self.sum())
            node = made("bool", lambda v, a, b: both([compared(">=", v, a), compared("<=", v, b)]), *sides)
        else:
            return left
        return made("bool", negated, node) if refused else node

    def listed(self) -> list[Node]:
        """(a, b, c)."""
        assert self.took("(")
        values = []
        while not self.took(")"):
            values.append(self.disjunction())
            self.took(",")
        return values

    def sum(self) -> Node:
        """a + b - c."""
        left = self.product()
        while sign := self.took("+", "-"):
            left = made("number", lambda a, b, s=sign: arithmetic(s, a, b), left, self.product())
        return left

    def product(self) -> Node:
        """a * b / c."""
        left = self.single()
        while sign := self.took("*", "/"):
            left = made("number", lambda a, b, s=sign: arithmetic(s, a, b), left, self.single())
        return left

    def single(self) -> Node:
        """A literal, a name, a call, a negative or something in parentheses."""
        if self.took("-"):
            return made("number", lambda v: known_only(lambda a: -a, v), self.single())
        if self.took("("):
            node = self.disjunction()
            assert self.took(")")
            return node
        sort, word = self.words[self.place]
        self.place += 1
        if sort == "number":
            return constant("number", float(word))
        if sort == "text":
            inner = word[1:-1].replace("''", "'")
            return Node("text", lambda _: inner, literal=inner)
        if sort == "key" and word in ("true", "false"):
            return constant("bool", word == "true")
        if sort != "name":
            raise ValueError(f"unexpected {word!r}")
        if self.words[self.place] == ("sign", "("):
            return called(word.lower(), self.listed(), self.now)
        return self.resolve(word)


def constant(kind: str, value: Value) -> Node:
    """A node that is the same for every record."""
    return Node(kind, lambda _: value)


def made(kind: str, function: Callable[..., Value], *parts: Node) -> Node:
    """A node computed from others; it is available when all of them are."""
    return Node(kind, lambda env: function(*(part.value(env) for part in parts)), all(part.available for part in parts))


def alike(*parts: Node) -> list[Node]:
    """The sides of a comparison; dates beside moments or text are compared by the day."""
    if {part.type for part in parts} in ({"text", "date"}, {"text", "datetime"}, {"date", "datetime"}):
        return [as_day(part) for part in parts]
    assert len({part.type for part in parts}) == 1, parts
    return list(parts)


def as_day(part: Node) -> Node:
    """A date as it is, the UTC day of a moment, or the date that a text literal writes."""
    if part.literal is not None:
        return constant("date", date.fromisoformat(part.literal))
    if part.type == "datetime":
        return made("date", lambda v: v.date() if v is not None else None, part)
    return part


# Three-valued logic and arithmetic on what may be unknown


def both(sides: Any) -> bool | None:
    """and."""
    sides = list(sides)
    return False if False in sides else None if None in sides else True


def either(sides: Any) -> bool | None:
    """or."""
    sides = list(sides)
    return True if True in sides else None if None in sides else False


def negated(side: bool | None) -> bool | None:
    """not."""
    return None if side is None else not side


def compared(sign: str, a: Value, b: Value) -> bool | None:
    """A comparison; with an unknown side it is unknown."""
    if a is None or b is None:
        return None
    return (
        {"=": a == b, "<>": a != b, "!=": a != b}[sign]
        if sign in ("=", "<>", "!=")
        else ({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign])
    )


def arithmetic(sign: str, a: float | None, b: float | None) -> float | None:
    """+ - * /; what is not finite is unknown."""
    if a is None or b is None or (sign == "/" and b == 0):
        return None
    result = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[sign]()
    return result if math.isfinite(result) else None


def known_only(function: Callable[..., Value], *values: Value) -> Value:
    """The function's value where all its arguments are known."""
    return None if None in values else function(*values)


def called(name: str, given: list[Node], now: Now) -> Node:
    """A function of the language."""
    if name in ("days_since", "days_until"):
        sign = 1 if name == "days_since" else -1
        return made("number", lambda v: known_only(lambda a: sign * a, now.age(v)), *given)
    if name == "known":
        return made("bool", lambda v: v is not None, *given)
    if name == "coalesce":
        return made(given[0].type, lambda *v: next((each for each in v if each is not None), None), *given)
    if name in ("contains", "starts_with", "has"):
        return made("bool", lambda v, *parts: either([text_test(name, v, part) for part in parts]), *given)
    functions: dict[str, tuple[str, Callable[..., Value]]] = {
        "ratio": ("number", lambda a, b: arithmetic("/", a, b)),
        "least": (given[0].type, min),
        "greatest": (given[0].type, max),
        "abs": ("number", abs),
        "floor": ("number", lambda v: float(math.floor(v))),
        "ceil": ("number", lambda v: float(math.ceil(v))),
        "number": ("number", read_number),
        "lower": ("text", lower),
    }
    kind, function = functions[name]
    return made(kind, lambda *v: known_only(function, *v), *given)


def text_test(name: str, text: str | None, part: str | None) -> bool | None:
    """contains and starts_with look past upper and lower case; has looks for one of several chosen values."""
    if text is None or part is None:
        return None
    if name == "contains":
        return lower(part) in lower(text)
    if name == "starts_with":
        return lower(text).startswith(lower(part))
    return f";{part};" in f";{text};"
