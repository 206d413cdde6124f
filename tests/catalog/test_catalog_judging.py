"""What `check` warns of although the configuration has no mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalog_small import write

from hubsync.catalog import load, warnings
from hubsync.catalog.tracing import ANY_MOMENT
from hubsync.errors import ConfigError
from hubsync.scoring.kinds.points import KIND as POINTS
from hubsync.scoring.kinds.points import PointsModel

USAGE = "      - {with: login, once_per: week, within: 28 days, points: 5, reason: uses it}\n"
SILENT = "      - {when: quiet_days > 30, points: -10, reason: silent}\n"
GROWTH = "      - when: crowd > 2\n        points: 10\n        reason: room to grow\n"
HOT = "      - {when: best_heat > 50, points: 5, reason: a hot contact}\n"
EMPTY = "      - {when: seats_used < 1, points: -10, reason: nobody has a seat}\n"
FILE = "models/customer.yaml"
WIDE = (FILE, "limit: {max: 10}", "limit: {max: 20, min: -10}")


def told(folder: Path, *edits: tuple[str, str, str]) -> list[str]:
    catalog = load(write(folder, *edits))
    return [each for each in warnings(catalog, catalog.vocabulary(ANY_MOMENT)) if "'heat'" not in each]


def rules(points: list[int]) -> str:
    lines = (f"  - {{when: seats_used > {n}, points: {each}, reason: rule {n}}}\n" for n, each in enumerate(points))
    return "rules:\n" + "".join(lines)


def typed(*names: str) -> tuple[str, str, str]:
    return ("portal.yaml", "words:\n", f"manual:\n  companies: [{', '.join(names)}]\nwords:\n")


def survey(more: str = "") -> tuple[tuple[str, str, str], ...]:
    """A model of answers to surveys, and of something else if it is given."""
    kinds = "nps:\n  label: answered\n  sources:\n    - {from: objects, object: contacts, time: createdate}\nlogin:\n"
    first, second = (
        f"      - {{with: nps, within: {days} days, points: 5, times: 1, reason: answered in {days}}}\n"
        for days in (30, 60)
    )
    return ("events.yaml", "login:\n", kinds), (FILE, USAGE + SILENT, first), (FILE, GROWTH + HOT, second + more)


def test_a_sound_configuration_is_silent(tmp_path: Path) -> None:
    """Nothing is said about a model whose groups, tiers and inputs are in order."""
    assert told(tmp_path, WIDE, (FILE, SILENT, EMPTY)) == []


@pytest.mark.parametrize(("count", "warned"), [(8, False), (10 - 2, False), (9, True)])
def test_more_than_ten_measures_are_sprawl(tmp_path: Path, count: int, warned: bool) -> None:
    """Two groups and eight rules alone are ten measures; one more is warned of, with how many are advised (T2)."""
    found = told(tmp_path, (FILE, "rule_groups:\n", rules([1] * count) + "rule_groups:\n"))

    assert [each for each in found if "measures" in each] == (
        [
            "The model 'customer' has 11 measures; more than 10 are hard to trust and to explain. Keep the 5 to 8 that"
            " go with its outcome."
        ]
        if warned
        else []
    )


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ((60, 40), "60% of the score 'customer' rest on what people type in; above 30% it is opinion."),
        ((30, 70), "50% of the measures of 'customer' are typed in by people; above 25% that does not last."),
        ((16, 42, 21, 11, 10), "20% of 'customer' rest on what people type in; from about 15% on"),
        ((10, 30, 20, 10, 10, 10, 10), None),
    ],
)
def test_what_people_type_in_is_limited(tmp_path: Path, points: tuple[int, ...], says: str | None) -> None:
    """30 % of a score, 25 % of its measures, and 15 % early: each has its own sentence (T8)."""
    lines = "".join(
        f"  - {{when: {'seats' if n == 0 else 'numberofemployees'} > {n}, points: {each}, reason: rule {n}}}\n"
        for n, each in enumerate(points)
    )
    whole = f"model: customer\nkind: points\nobject: customers\noutcome: renews\nowner: cs\nrules:\n{lines}"
    found = told(tmp_path, (FILE, "", whole), typed("seats"))

    assert found[0].startswith(says) if says else not found, found
    assert len(found) == (1 if says else 0)


def test_an_unknown_property_that_people_type_in_is_a_mistake(tmp_path: Path) -> None:
    """A name under `manual` that no property has is told with its line and the nearest name."""
    with pytest.raises(ConfigError) as error:
        told(tmp_path, typed("seat"))
    (mistake,) = error.value.mistakes
    assert (mistake.file, mistake.line) == ("portal.yaml", 3)
    assert mistake.message == "unknown property 'seat' of companies."
    assert mistake.hint == "Did you mean 'seats'?"


def test_answers_to_surveys_alone_are_no_score(tmp_path: Path) -> None:
    """A model of nothing but NPS is warned of; with anything that customers do it is not (99)."""
    assert [each for each in told(tmp_path / "alone", *survey()) if "NPS is an input" in each] == [
        "The model 'customer' reads nothing but answers to surveys. NPS is an input, not a score: add what customers"
        " do."
    ]
    assert not [each for each in told(tmp_path / "more", *survey(HOT)) if "NPS" in each]


MEASURED = """model: customer
kind: weighted
object: companies
outcome: renews
owner: cs-ops
measures:
  - {name: one, value: times_there, percent: 60, reason: logs in}
  - {name: other, value: seats_used, percent: 40, reason: uses its seats}
"""
FIFTHS = """model: customer
kind: rfm
object: companies
outcome: renews
owner: cs-ops
recency: answered
frequency: answers
monetary: answers
"""
COUNTED = """answers: {label: answers, count: nps}
answered: {label: days since the last answer, since: nps}
times_there: {label: logins, count: login}
"""


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (MEASURED, ["40% of the score 'customer' rest on what people", "60% of the model 'customer' rest on logins"]),
        (FIFTHS, ["The model 'customer' reads nothing but answers to surveys."]),
    ],
)
def test_measures_and_fifths_are_judged_like_rules(tmp_path: Path, model: str, says: list[str]) -> None:
    """What a weighted or an rfm model rests on is warned of as it is with a model of points."""
    events, *_rules = survey()
    signals = ("signals.yaml", "crowd:", COUNTED + "crowd:")
    found = told(tmp_path, events, signals, (FILE, "", model), typed("seats"))

    assert [each[: len(said)] for each, said in zip(found, says, strict=True)] == says


def test_logins_are_not_adoption(tmp_path: Path) -> None:
    """A model of which more than half rests on logins is warned of; one of which 44 % do is not (106, 131)."""
    assert [each for each in told(tmp_path / "more", WIDE) if "67% of the model 'customer' rest on logins" in each]
    assert not [each for each in told(tmp_path / "half", WIDE, (FILE, SILENT, EMPTY)) if "logins" in each]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (("steady: {from: 51}", "steady: {from: 91}"), "The tier 'steady' of 'customer' begins at 91"),
        (
            ("starts_at: 50", "starts_at: 70"),
            "No record can fall into the tier 'risk' of 'customer': the least possible",
        ),
        (("limit: {max: 10}", "limit: {max: 30}"), "The limit 'max: 30' of the group 'usage' in 'customer' can't be"),
        (("limit: {max: 10}", "limit: {min: -15}"), "The limit 'min: -15' of the group 'usage' in 'customer' can't be"),
    ],
)
def test_what_can_not_be_reached_is_told(tmp_path: Path, edit: tuple[str, str], says: str) -> None:
    """A tier above the most points, one below the least, and a limit beyond what its rules give are named."""
    found = told(tmp_path, (FILE, *edit))

    assert [each for each in found if each.startswith(says)], found


def test_a_review_that_is_still_to_come_is_told(tmp_path: Path) -> None:
    """A day of review in the future counts for nothing yet: it is most likely mistyped."""
    reviewed = [(FILE, "owner: cs-ops", f"owner: cs-ops\nreviewed_on: {day}") for day in ("2099-01-01", "2025-01-01")]
    found = [told(tmp_path / str(number), edit) for number, edit in enumerate(reviewed)]

    says = "The model 'customer' was reviewed on 2099-01-01, which is still to come: it counts from then on."
    assert [[each.startswith(says) for each in said if "still to come" in each] for said in found] == [[True], []]


UP, DOWN = ({"when": "seats > 1", "points": points, "reason": f"gives {points}"} for points in (10, -20))
OFTEN, SELDOM = ({"with": "login", "points": points, "reason": f"each {points}"} for points in (1, -1))


@pytest.mark.parametrize(
    ("rules", "limit", "ends"),
    [
        ([UP, DOWN], None, (30, 60)),
        ([UP, DOWN], {"min": -15, "max": 5}, (35, 55)),
        ([UP, DOWN], {"min": -30, "max": 15}, (30, 60)),
        ([OFTEN, DOWN], {"max": 7}, (30, 57)),
        ([OFTEN, DOWN], None, (30, 100)),
        ([UP, SELDOM], {"min": -7}, (43, 60)),
        ([UP, SELDOM], None, (None, 60)),
        ([UP, {"when": "seats > 2", "points": -60, "reason": "much"}], None, (0, 60)),
        ([UP, DOWN, {"when": "seats > 2", "at_most": 29, "reason": "no more"}], None, (None, 60)),
    ],
)
def test_the_ends_of_a_score(rules: list[dict], limit: dict | None, ends: tuple[int | None, int]) -> None:
    """The least and the most are what rules of one sign make of the start, within limit and range; a cap hides one."""
    said = {"model": "m", "kind": "points", "object": "companies", "outcome": "renews", "owner": "cs", "starts_at": 50}
    model = PointsModel.model_validate({**said, "rule_groups": [{"name": "all", "limit": limit, "rules": rules}]})

    assert (POINTS.lowest(model), POINTS.attainable(model)) == ends
