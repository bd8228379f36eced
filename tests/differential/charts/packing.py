"""Charts in charts, and charts that bring kinds."""

from typing import Any, Final

import yaml

from tests.differential.case import NAMESPACE, Case, Edition
from tests.differential.charts.hooks import hook
from tests.support.helm import config_map
from tests.support.objects import crd

GROUP: Final = f"{NAMESPACE}.example.com"
CRD: Final = crd("things", "Thing", GROUP)
THING: Final = (
    f"apiVersion: {GROUP}/v1\nkind: Thing\nmetadata: {{name: t}}\n"
    "spec: {v: '{{ .Values.v }}', list: [{a: 1}, {a: 2}]}\n"
)


def sub(
    name: str,
    templates: dict[str, str],
    values: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, str]:
    """Write the files of a subchart, by their path inside its parent."""
    chart = {"apiVersion": "v2", "name": name, "version": "0.1.0", **more}
    return {
        f"charts/{name}/Chart.yaml": yaml.safe_dump(chart),
        f"charts/{name}/values.yaml": yaml.safe_dump(values or {}),
        **{f"charts/{name}/templates/{path}": text for path, text in templates.items()},
    }


def inside(parent: str, files: dict[str, str]) -> dict[str, str]:
    """Put a subchart's files into a subchart."""
    return {f"charts/{parent}/{path}": text for path, text in files.items()}


def depends(*names: str, **more: Any) -> dict[str, Any]:
    """Write what a chart depends on."""
    return {"dependencies": [{"name": name, "version": "0.1.0", **more} for name in names]}


TOLD: Final = config_map(
    "{{ .Chart.Name }}", v="{{ .Values.v }}", all="{{ .Values.global.all }}", num="{{ .Values.n }}"
)
SEVERAL: Final = {
    **sub("front", {"c.yaml": TOLD}, {"v": "front", "n": "1"}),
    **sub("back", {"c.yaml": TOLD}, {"v": "back", "exports": {"data": {"from": "back"}}}),
    **sub("extra", {"c.yaml": TOLD}, {"v": "extra"}),
    **sub("spare", {"c.yaml": TOLD}, {"v": "spare"}),
}
DEPENDENCIES: Final = {
    "dependencies": [
        {"name": "front", "version": "0.1.0", "condition": "front.enabled"},
        {"name": "back", "version": "0.1.0", "import-values": ["data"]},
        {"name": "extra", "version": ">=0.1", "alias": "another"},
        {"name": "extra", "version": "0.1.0", "tags": ["more"]},
        {"name": "spare", "version": "0.1.0", "tags": ["none"], "condition": "spare.enabled"},
    ]
}
PARENT: Final = config_map("parent", imported="{{ .Values.from }}")
LIBRARY: Final = sub(
    "lib",
    {
        "_lib.tpl": '{{- define "lib.map" -}}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n'
        "  name: {{ .Release.Name }}-{{ .Chart.Name }}\ndata: {v: {{ .Values.v | quote }}}\n"
        "{{- end -}}\n"
    },
    type="library",
)
NESTED: Final = {
    **sub("middle", {"c.yaml": config_map("middle", v="{{ .Values.v }}")}, {"v": "m"}),
    **inside("middle", sub("inner", {"c.yaml": TOLD, "h.yaml": hook("h", "post-install")})),
    "charts/middle/charts/inner/crds/w.yaml": crd("widgets", "Widget", GROUP),
}


def several(**given: Any) -> Edition:
    """Return a chart with five subcharts."""
    values = {
        "tags": {"none": False, "more": True},
        "global": {"all": "g"},
        "another": {"v": "alias"},
    }
    return Edition({"p.yaml": PARENT}, values, given, SEVERAL, DEPENDENCIES)


def nested(v: str) -> Edition:
    """Return a chart with a chart with a chart."""
    given = {"middle": {"inner": {"v": v}}, "global": {"all": v}}
    return Edition({}, {}, given, NESTED)


CASES: Final = (
    Case(
        "subcharts",
        several(),
        several(
            front={"enabled": False}, spare={"enabled": True, "v": "on"}, **{"global": {"all": "h"}}
        ),
    ),
    Case(
        "library",
        Edition({"c.yaml": '{{ include "lib.map" . }}'}, {"v": 1}, {}, LIBRARY, depends("lib")),
        Edition({"c.yaml": '{{ include "lib.map" . }}'}, {"v": 2}, {}, LIBRARY, depends("lib")),
    ),
    Case("nested", nested("1"), nested("2")),
    Case(
        "old-format",
        Edition(
            {"c.yaml": TOLD},
            {"v": "1", "global": {"all": "g"}},
            files={
                **sub("front", {"c.yaml": TOLD}),
                "requirements.yaml": yaml.safe_dump(depends("front", condition="front.on")),
            },
            metadata={"apiVersion": "v1"},
        ),
        Edition(
            {"c.yaml": TOLD},
            {"v": "2", "global": {"all": "g"}, "front": {"on": False}},
            files={
                **sub("front", {"c.yaml": TOLD}),
                "requirements.yaml": yaml.safe_dump(depends("front", condition="front.on")),
            },
            metadata={"apiVersion": "v1"},
        ),
    ),
    Case(
        "crds-folder",
        Edition({"t.yaml": THING}, {"v": "1"}, files={"crds/things.yaml": CRD}),
        Edition(
            {"t.yaml": THING},
            {"v": "2"},
            files={"crds/things.yaml": CRD, "crds/more.yaml": crd("others", "Other", GROUP)},
        ),
    ),
    Case(
        "crd-in-templates",
        Edition({"crd.yaml": CRD}, {"v": "1"}),
        Edition({"crd.yaml": CRD, "t.yaml": THING}, {"v": "2"}),
    ),
)
