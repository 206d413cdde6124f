"""Stage 1: what HubSpot and other sources know comes into the store."""

from hubsync.pull.choice import feeds_of
from hubsync.pull.drift import SCHEMA, Lost, remembered
from hubsync.pull.estimate import Estimate, cost, estimate, reckon
from hubsync.pull.result import Progress, PullResult, SourceReport
from hubsync.pull.stage import held_before, pull
from hubsync.pull.survey import needs

__all__ = [
    "SCHEMA",
    "Estimate",
    "Lost",
    "Progress",
    "PullResult",
    "SourceReport",
    "cost",
    "estimate",
    "feeds_of",
    "held_before",
    "needs",
    "pull",
    "reckon",
    "remembered",
]
