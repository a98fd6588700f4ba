"""Is the schedule open, and when next: OpenSVC's schedule language."""

from flashd.core.schedule.errors import ScheduleError
from flashd.core.schedule.schedule import Schedule, parse

__all__ = ["Schedule", "ScheduleError", "parse"]
