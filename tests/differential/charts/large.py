"""Charts of many objects, or of large ones."""

import base64
import random
from typing import Final

from tests.differential.case import Case, Edition, Verb
from tests.support.helm import config_map

EACH: Final = """\
{{ range until (int .Values.count) }}
apiVersion: v1
kind: KIND
metadata: {name: "n{{ . }}", labels: {v: "{{ $.Values.v }}"}}
SPEC
---
{{ end }}
"""
KINDS: Final = {
    "ConfigMap": "data: {v: '{{ $.Values.v }}'}",
    "Secret": "stringData: {v: '{{ $.Values.v }}'}",
    "ServiceAccount": "",
    "Service": "spec: {ports: [{port: 80}]}",
}
ONE: Final = Edition({"c.yaml": config_map("c", v="{{ .Values.v }}")}, {"v": "1"})
LARGE: Final = {"c.yaml": config_map("c", v="{{ .Values.v | repeat 900000 }}")}


def many(count: int, v: str) -> Edition:
    """Return a chart of so many objects of each of four kinds."""
    templates = {
        f"{kind.lower()}.yaml": EACH.replace("KIND", kind).replace("SPEC", spec)
        for kind, spec in KINDS.items()
    }
    return Edition(templates, {"v": "0"}, {"v": v, "count": count})


def noise(size: int) -> str:
    """Return text of which gzip spares little."""
    return base64.b64encode(random.Random(1).randbytes(size)).decode()  # noqa: S311


CASES: Final = (
    Case("huge", many(100, "1"), many(90, "2"), status=False),
    Case("large-object", Edition(LARGE, {"v": "1"}), Edition(LARGE, {"v": "2"})),
    Case(
        "record-too-large",
        ONE,
        ONE.but(files={"noise.txt": noise(1_000_000)}, given={"v": "2"}),
        fails={Verb.UPGRADE: ("Secret",)},
    ),
)
