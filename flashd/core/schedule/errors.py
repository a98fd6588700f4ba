"""What is wrong with an expression."""

from __future__ import annotations


class ScheduleError(ValueError):
    """An expression that cannot be parsed, with the place of the mistake."""

    def __init__(self, message: str, expression: str, column: int) -> None:
        super().__init__(message)
        self.expression = expression
        self.column = column  # of the mistake, the first character being 1
