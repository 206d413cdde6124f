"""The worker: runs of all portals by their schedules, with nobody looking."""
