"""Stage 1: what HubSpot and other sources know comes into the store."""

from hubsync.pull.choice import feeds_of
from hubsync.pull.estimate import Estimate, estimate
from hubsync.pull.result import Progress, PullResult, SourceReport
from hubsync.pull.stage import pull

__all__ = ["Estimate", "Progress", "PullResult", "SourceReport", "estimate", "feeds_of", "pull"]
