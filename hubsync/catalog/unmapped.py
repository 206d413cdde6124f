"""Words of the models that this portal's portal.yaml does not map: what is unknown, and to which models."""

from __future__ import annotations

from dataclasses import dataclass, field

from hubsync.catalog.model import Catalog
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.model import compile_model
from hubsync.scoring.requirements import requirements
from hubsync.scoring.segments import compile_segment, segment_name
from hubsync.scoring.sources import Feeds
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.scoring.words import UNKNOWN, WORDS, mapping
from hubsync.types import AsOf


@dataclass(frozen=True, slots=True)
class UnmappedWord:
    """A word without a meaning for an object, and the models that would use it."""

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


def _noting(catalog: Catalog, as_of: AsOf, feeds: Feeds) -> _Noting:
    return _Noting(
        catalog.properties, catalog.portal.words, catalog.signals, catalog.events, catalog.models, as_of, feeds
    )


def unmapped_words(catalog: Catalog, as_of: AsOf, feeds: Feeds) -> list[UnmappedWord]:
    """Every unmapped word that a needed model or an active segment leads to, with those that lose by it."""
    models: dict[tuple[str, str], list[str]] = {}
    for model in catalog.needed:
        vocabulary = _noting(catalog, as_of, feeds)
        requirements([compile_model(model, vocabulary)], vocabulary)
        for pair in vocabulary.unmapped:
            models.setdefault(pair, []).append(model.model)
    for name, segment in catalog.segments.items():
        if name not in catalog.segments_off:
            vocabulary = _noting(catalog, as_of, feeds)
            requirements([compile_segment(name, segment, vocabulary)], vocabulary)
            for pair in vocabulary.unmapped:
                models.setdefault(pair, []).append(segment_name(name))
    return [
        UnmappedWord(word, object_, WORDS[word].meaning, tuple(names))
        for (word, object_), names in sorted(models.items())
    ]
