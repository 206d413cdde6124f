"""Reads one YAML 1.2 file into plain values, and remembers the line of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from hubsync.errors import ConfigMistake

Loc = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
# The core schema of YAML 1.2: `on`, `off`, `yes` and `NO` are words.
_CONSTANTS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_LARGEST = 1_000_000
_LONGEST = 500
_PLAIN_TAG = "tag:yaml.org,2002:"
_WORDING = {
    "mapping values are not allowed": "a ':' stands where no key can be; put text that contains ': ' in quotes",
    "found character": "a tab or a special character begins a word; indent with spaces, put the text in quotes",
    "found undefined alias": "'*' begins a word; put the text in quotes",
    "expected a single document": "'---' begins a second document; keep one per file",
    "while scanning a quoted scalar": "a quote is opened and never closed",
    "did not find expected ',' or": "a bracket is opened and never closed, or a comma is missing",
    "expected ',' or": "a bracket is opened and never closed, or a comma is missing",
    "could not find expected ':'": "a ':' is missing after a key",
    "did not find expected key": "the indentation does not fit the lines above",
    "expected <block end>": "the indentation does not fit the lines above",
}


@dataclass
class Document:
    """One file's values, the line of each by its path of keys, and what is wrong with the file itself."""

    file: str
    data: Any = None
    mistakes: list[ConfigMistake] = field(default_factory=list)
    lines: dict[Loc, int] = field(default_factory=dict)

    def line(self, loc: Sequence[str | int]) -> int:
        """The line of the value at a path, or of the nearest that is there; keys unknown to the file are skipped."""
        return self.lines.get(self.place(loc), 1)

    def place(self, loc: Sequence[str | int]) -> Loc:
        """The part of a path that the file has."""
        at: Loc = ()
        for key in loc:
            if (*at, key) in self.lines:
                at = (*at, key)
        return at

    def report(self, loc: Sequence[str | int], message: str, hint: str = "") -> None:
        """Note a mistake at a path."""
        self.report_line(self.line(loc), message, hint)

    def report_line(self, line: int, message: str, hint: str = "") -> None:
        """Note a mistake in a line; both parts become sentences."""
        self.mistakes.append(ConfigMistake(self.file, line, _sentence(message[:_LONGEST]), _sentence(hint[:_LONGEST])))


def read(folder: Path, file: str) -> Document:
    """Read a file of the folder; whatever is wrong with it stands in its `mistakes`."""
    document = Document(file)
    try:
        raw = (folder / file).read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        document.report_line(line, "this is not UTF-8 text", "Save the file as UTF-8")
        return document
    except OSError as error:
        message = "the file is missing" if isinstance(error, FileNotFoundError) else f"can't be read: {error.strerror}"
        hint = "`hubsync init` writes a complete set." if isinstance(error, FileNotFoundError) else ""
        document.report((), message, hint)
        return document
    if len(raw) > _LARGEST:
        document.report((), f"the file is larger than {_LARGEST:,} bytes", "Is it the right file?")
        return document
    _parse(text, document)
    return document


def _parse(text: str, document: Document) -> None:
    try:
        root = _composed(text)
        if root is not None:
            document.lines[()] = 1
            document.data = _Values(document).value(root, ())
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.report_line(line, "a character that YAML does not allow stands here", "Remove it")
    except MarkedYAMLError as error:
        # What is never closed begins where the context does; the problem shows only at the end.
        marks = (error.context_mark, error.problem_mark)
        mark = next((each for each in (marks if _unclosed(error) else marks[::-1]) if each), None)
        document.report_line(mark.line + 1 if mark else 1, f"this is not valid YAML: {_syntax(error)}")
    except RecursionError:
        document.report((), "the file is nested too deeply")
    except (YAMLError, ValueError, IndexError, AttributeError, TypeError, AssertionError) as error:
        # The YAML reader has bugs of its own on broken input; to the admin it is broken YAML all the same.
        document.report((), f"this is not valid YAML ({type(error).__name__})")


@lru_cache(maxsize=64)
def _composed(text: str) -> Node | None:
    # Composing is most of what reading costs, and one process reads the same text again and again.
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


def _syntax(error: MarkedYAMLError) -> str:
    problem = " ".join(str(part) for part in (error.problem, error.context) if part)
    known = (sentence for begin, sentence in _WORDING.items() if begin in problem)
    return next(known, problem[:200])


def _unclosed(error: MarkedYAMLError) -> bool:
    return any(part in str(error.context) for part in ("quoted scalar", "flow", "simple key"))


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".?!" else f"{text}."


class _Values:
    """Turns YAML nodes into plain values and notes their lines."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def value(self, node: Node, at: Loc) -> Any:
        line = self.document.lines.setdefault(at, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.document.report_line(line, "anchors and aliases ('&', '*') are not used here", "Write the value out.")
            return _scalar(node) if isinstance(node, ScalarNode) else None
        self.seen.add(id(node))
        tag = str(node.tag)
        if not tag.startswith(_PLAIN_TAG):
            hint = "Put text that begins with '!' in quotes."
            self.document.report_line(line, f"the tag '{tag}' is not used here", hint)
            return None
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*at, place)) for place, item in enumerate(node.value)]
        assert isinstance(node, MappingNode)
        return self._mapping(node, at)

    def _mapping(self, node: MappingNode, at: Loc) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self.document.report_line(line, "a key must be a word", "Put text with brackets in quotes.")
                continue
            key = str(key_node.value)
            if key in found:
                first = self.document.lines[(*at, key)]
                message = f"'{key}' stands here twice, first in line {first}"
                self.document.report_line(line, message, "Remove or rename one.")
                continue
            self.document.lines[(*at, key)] = line
            found[key] = self.value(value_node, (*at, key))
        return found


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None or str(node.tag) == f"{_PLAIN_TAG}str":
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
