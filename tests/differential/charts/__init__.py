"""The table's rows, by what is peculiar to their charts."""

from tests.differential.charts.plain import PLAIN

CASES = (*PLAIN,)
