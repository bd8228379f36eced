"""The table of decisions, a module for each room of `releases/decide`."""

from tests.support.decision_rows import asking, claims, drift, failures, going

TABLE = [*going.ROWS, *claims.ROWS, *failures.ROWS, *asking.ROWS, *drift.ROWS]
