"""Charts of objects alone."""

from typing import Final

from tests.differential.case import Case, Edition
from tests.support.charts import SIX_TEMPLATES, SIX_VALUES

SIX: Final = Edition(SIX_TEMPLATES, SIX_VALUES, {"greeting": "one"})

PLAIN: Final = (
    Case("six-objects", SIX, SIX.but(given={"greeting": "two", "replicas": 2})),
)
