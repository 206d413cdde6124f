"""Words of the models that this portal's portal.yaml does not map: what is unknown, and to which models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from hubsync.catalog.model import Catalog
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.model import compile_model
from hubsync.scoring.requirements import Reads, requirements
from hubsync.scoring.segments import compile_segment
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.scoring.words import UNKNOWN, WORDS, mapping
from hubsync.types import AsOf


@dataclass(frozen=True, slots=True)
class UnmappedWord:
    """A word without a meaning for an object, and the models and segments that would use it."""

    word: str
    object: str
    meaning: str
    models: tuple[str, ...]


@dataclass
class _Noting(Vocabulary):
    """A vocabulary that notes which words it was asked for in vain."""

    unmapped: set[tuple[str, str]] = field(default_factory=set)

    def word(self, name: str, object_: str) -> Meaning:
        """The meaning of a word for one object."""
        if mapping(self.words, name, object_) in (None, UNKNOWN):
            self.unmapped.add((name, object_))
        return super().word(name, object_)


def unmapped_words(catalog: Catalog, as_of: AsOf, feeds: Feeds) -> list[UnmappedWord]:
    """Every unmapped word that a needed model or an active segment leads to, with those that lose by it."""
    users: dict[tuple[str, str], list[str]] = {}
    for compiling in _compilers(catalog):
        vocabulary = _Noting(
            catalog.properties, catalog.portal.words, catalog.signals, catalog.events, catalog.models, as_of, feeds
        )
        compiled = compiling(vocabulary)
        requirements([compiled], vocabulary)
        for pair in vocabulary.unmapped:
            users.setdefault(pair, []).append(compiled.name)
    return [
        UnmappedWord(word, object_, WORDS[word].meaning, tuple(names))
        for (word, object_), names in sorted(users.items())
    ]


def _compilers(catalog: Catalog) -> Iterator[Callable[[Vocabulary], Reads]]:
    """What compiles each needed model and each active segment."""
    yield from (partial(compile_model, model) for model in catalog.needed)
    off = catalog.segments_off
    yield from (partial(compile_segment, key, each) for key, each in catalog.segments.items() if key not in off)
