"""A chart in two editions, and what is to come of it on both paths. No I/O."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tests.support.charts import make_chart

NAMESPACE: Final = "@NAMESPACE@"
"""Stands for the namespace wherever a chart cannot ask Helm for it, as in `crds/`."""


class Verb(StrEnum):
    """What is done to a release, in this order."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    TEST = "test"
    """Only of charts that have tests."""
    ROLLBACK = "rollback"
    UNINSTALL = "uninstall"


FAILED: Final = "what failed stays failed: superseded is what was once in force"
STAYS_FAILED: Final = {"upgrade records": FAILED, "rollback records": FAILED}
"""Stock Helm marks a failed first revision as superseded once another is deployed."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a chart, with the values that it is installed with."""

    templates: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    """The chart's own."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The user's."""
    files: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> "Edition":
        """Return another edition."""
        return replace(self, **changes)

    def pack(self, folder: Path, name: str, version: str, namespace: str) -> Path:
        """Make the archive that is installed in a namespace."""
        return make_chart(
            folder,
            name,
            version,
            named(self.templates, namespace),
            named(self.values, namespace),
            files=named(self.files, namespace),
            metadata=self.metadata,
        )


def named(content: Any, namespace: str) -> Any:
    """Write the namespace wherever it is asked for."""
    return json.loads(json.dumps(content).replace(NAMESPACE, namespace))


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    name: str
    """Also the chart's."""
    first: Edition
    second: Edition
    fails: Mapping[Verb, Sequence[str]] = field(default_factory=dict)
    """The verbs that fail on both paths, with the words that stand in both messages."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """What is not the same, as `install objects` or `upgrade records`, and the reason."""
    before: Sequence[Mapping[str, Any]] = ()
    """ConfigMaps that exist already."""
    release: str = "web"
    status: bool = True
    """Whether `helm status` is asked: it reads every object, one at a time."""
    tests: bool = False
    """Whether the chart's tests are run after the upgrade."""

    def __str__(self) -> str:
        """Name the row, also for pytest."""
        return self.name

    @property
    def verbs(self) -> list[Verb]:
        """What is done, in order."""
        return [verb for verb in Verb if verb != Verb.TEST or self.tests]

    def edition(self, verb: Verb) -> Edition:
        """Return what a verb installs."""
        return self.first if verb == Verb.INSTALL else self.second
