"""The table's rows, by what is peculiar to their charts."""

from tests.differential.charts.failing import FAILING
from tests.differential.charts.hooks import HOOKS
from tests.differential.charts.packing import PACKING
from tests.differential.charts.plain import PLAIN

CASES = (*PLAIN, *HOOKS, *PACKING, *FAILING)
