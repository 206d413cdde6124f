"""Labels that people could not tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

SHOWN = "Give each a label of its own: HubSpot shows only the label."


def repeated(labels: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Labels that more than one name has, with the names; capital letters and blanks make no difference."""
    names: dict[str, list[str]] = {}
    for name, label in labels.items():
        names.setdefault(label.strip().casefold(), []).append(name)
    yield from ((labels[each[0]], each) for each in names.values() if len(each) > 1)
