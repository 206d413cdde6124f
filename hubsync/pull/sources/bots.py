"""Tells programs from people among opens and clicks of emails, inside the database.

What a program did is stored and marked, not thrown away: so it can be counted and shown, other rules need no second
pull, and a click can be judged by the clicks around it, whichever page or pull brought them.
"""

from __future__ import annotations

from hubsync.scoring.marketing_sources import Bots

BURST_SECONDS = 2
"""Clicks of one mail no further apart than this belong together."""

# (mem) How these proxies name themselves is not in HubSpot's documentation.
PROXIES = "googleimageproxy|yahoomailproxy"


def rules(bots: Bots) -> str:
    """The query that gives `place` and `bot`, the rule that marks an event, from the relation `mine`.

    `mine` has place, subject, occurred_at and attributes (JSON) of all events of a source. The rules are filtered,
    seconds, proxies and links; an event without the attribute that a rule looks at is not marked by it.
    """
    ways = [
        ("filtered", "filtered = 'true'", bots.filtered),
        ("seconds", f"occurred_at - sent_at < INTERVAL {bots.seconds:d} SECOND", bots.seconds > 0),
        ("proxies", f"regexp_matches(lower(user_agent), '{PROXIES}')", bots.proxies),
        ("links", f"count(DISTINCT url) OVER burst >= {bots.links:d}", bots.links > 0),
    ]
    marks = " ".join(f"WHEN {condition} THEN '{name}'" for name, condition, on in ways if on)
    told = f"CASE {marks} END" if marks else "CAST(NULL AS VARCHAR)"
    return (
        f"SELECT place, {told} AS bot FROM ({_bursts()}) AS clicks"  # noqa: S608 (numbers and fixed words)
        " WINDOW burst AS (PARTITION BY subject, campaign, number)"
    )


def _bursts() -> str:
    """The events with their attributes, those of one mail and recipient numbered by burst."""
    names = ("url", "campaign", "user_agent", "filtered")
    texts = ", ".join(f"json_extract_string(attributes, '$.{name}') AS {name}" for name in names)
    near = f"occurred_at - lag(occurred_at) OVER mail <= INTERVAL {BURST_SECONDS} SECOND"
    return (
        f"SELECT *, sum(begins) OVER mail AS number FROM (SELECT *, CASE WHEN {near} THEN 0 ELSE 1 END AS begins"  # noqa: S608
        f" FROM (SELECT place, subject, occurred_at, {texts},"
        " TRY_CAST(json_extract_string(attributes, '$.sent_at') AS TIMESTAMP) AS sent_at FROM mine) AS told"
        " WINDOW mail AS (PARTITION BY subject, campaign ORDER BY occurred_at, place)) AS gaps"
        " WINDOW mail AS (PARTITION BY subject, campaign ORDER BY occurred_at, place)"
    )
