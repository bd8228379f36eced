"""Charts that cannot be installed, or not upgraded: what is said, and what is left."""

import json
from typing import Any, Final

from tests.differential.case import FAILED, Case, Edition, Verb
from tests.differential.charts.packing import depends, sub
from tests.support.helm import config_map

ONE: Final = Edition({"c.yaml": config_map("c", v="{{ .Values.v }}")}, {"v": "1"})
SCHEMA: Final = json.dumps(
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"replicas": {"type": "integer", "minimum": 1}},
        "required": ["replicas"],
    }
)
NOTHING_LEFT: Final = dict.fromkeys((Verb.INSTALL, Verb.UPGRADE, Verb.ROLLBACK), ())
"""An install that wrote no revision; there is nothing to go on from, in each one's words."""
DEPLOYMENT: Final = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
    "spec: {replicas: {{ .Values.replicas }}, selector: {matchLabels: {app: '{{ .Values.app }}'}},"
    " template: {metadata: {labels: {app: '{{ .Values.app }}'}},"
    " spec: {containers: [{name: main, image: 'app:1'}]}}}\n"
)


SERVICE: Final = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: x, annotations: {}}\n"
    "spec: {ports: [{port: 80}]}\n"
)
ROLE: Final = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules: []\n"
)
BAD_PORT: Final = SERVICE.replace("port: 80", "port: 80000")
NOTED: Final = SERVICE.replace("annotations: {}", "annotations: {port: 80}")
IN_FORCE: Final = "a rollback that fails leaves in force what was: stock Helm has nothing deployed"
CLAIMED: Final = (
    "whose an object is turns out when it is applied, after the claim: it saves a look each"
)


def never(name: str, edition: Edition, *words: str, **more: Any) -> Case:
    """Return a row of a chart that cannot be installed at all and leaves no revision."""
    fails = {**NOTHING_LEFT, Verb.INSTALL: words}
    return Case(name, edition, edition, fails=fails, **more)


def broken_later(name: str, text: str, *words: str, **more: Any) -> Case:
    """Return a row of a chart whose second version has a template that is broken."""
    broken = ONE.but(templates={**ONE.templates, "broken.yaml": text}, values={"v": "2"})
    return Case(name, ONE, broken, fails={Verb.UPGRADE: words}, **more)


def around(replicas: int, text: str) -> Edition:
    """Return a chart of a ConfigMap, what is given, and a Deployment: in Helm's order."""
    texts = {"c.yaml": config_map("c", v=str(replicas)), "s.yaml": text, "d.yaml": DEPLOYMENT}
    return Edition(texts, {"app": "a", "replicas": replicas})


def twice(one: str, other: str) -> Edition:
    """Return a chart that has an object twice; an install must not depend on which is first."""
    return Edition({"a.yaml": config_map("c", v=one), "b.yaml": config_map("c", v=other)})


def deployed(app: str, replicas: int) -> Edition:
    """Return a chart of a ConfigMap and a Deployment."""
    texts = {"d.yaml": DEPLOYMENT, "c.yaml": config_map("c", v="{{ .Values.app }}")}
    return Edition(texts, {"app": app, "replicas": replicas})


CASES: Final = (
    Case(
        "schema",
        ONE.but(files={"values.schema.json": SCHEMA}, given={"replicas": 1}),
        ONE.but(files={"values.schema.json": SCHEMA}, given={"replicas": 0}),
        fails={Verb.UPGRADE: ("replicas", "1")},
    ),
    never(
        "schema-of-a-subchart",
        ONE.but(
            files={**sub("front", {}), "charts/front/values.schema.json": SCHEMA},
            given={"front": {"replicas": "many"}},
        ),
        "front",
        "replicas",
        "integer",
    ),
    broken_later(
        "fail-in-a-template", '{{ fail "colour is required" }}', "colour is required", "broken.yaml"
    ),
    never(
        "required",
        ONE.but(templates={"c.yaml": config_map("c", v="{{ required `say v!` .Values.w }}")}),
        "say v!",
        "c.yaml",
    ),
    never(
        "nil-pointer",
        ONE.but(templates={"n.yaml": "a: {{ .Values.a.b }}"}),
        "n.yaml:1",
        "nil pointer",
    ),
    never(
        "unclosed", ONE.but(templates={"n.yaml": "a: {{ if true }}"}), "n.yaml", "unexpected EOF"
    ),
    broken_later("no-yaml", "kind: ConfigMap\n  bad: indent\n", "broken.yaml", "mapping values"),
    broken_later(
        "unknown-kind",
        "apiVersion: nowhere.example/v1\nkind: Thing\nmetadata: {name: t}\n",
        "Thing",
        "nowhere.example/v1",
    ),
    broken_later("unknown-field", SERVICE.replace("port: 80", "port: 80, typo: here"), "typo"),
    broken_later(
        "label-that-is-no-string",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {a: true, b: c}}\n",
        "metadata.labels",
    ),
    broken_later("name-that-is-no-string", config_map("no"), "metadata.name"),
    never(
        "annotation-that-is-no-string", ONE.but(templates={"s.yaml": NOTED}), "metadata.annotations"
    ),
    broken_later("no-kind", "apiVersion: v1\nmetadata: {name: x}\n", "kind"),
    broken_later("no-name", "apiVersion: v1\nkind: ConfigMap\n", "name may not be empty"),
    broken_later(
        "generated-name",
        SERVICE.replace("name: x", "generateName: x-"),
        "name may not be empty",
    ),
    Case(
        "immutable",
        deployed("a", 1),
        deployed("b", 1),
        fails={Verb.UPGRADE: ("field is immutable", "spec.selector")},
    ),
    Case(
        "refused-at-install",
        deployed("a", -1),
        deployed("a", 1),
        fails={
            Verb.INSTALL: ("spec.replicas", "greater than or equal to 0"),
            Verb.ROLLBACK: ("spec.replicas", "greater than or equal to 0"),
        },
        differs={"upgrade records": FAILED, "rollback records": f"{FAILED}; {IN_FORCE}"},
    ),
    Case(
        "refused-in-the-midst",
        Edition({"r.yaml": ROLE, "c.yaml": config_map("c", **{"a/b": "1"})}),
        Edition({"r.yaml": ROLE, "c.yaml": config_map("c", a="1")}),
        fails={Verb.INSTALL: ("data[a/b]",), Verb.ROLLBACK: ("data[a/b]",)},
        differs={"upgrade records": FAILED, "rollback records": f"{FAILED}; {IN_FORCE}"},
    ),
    Case(
        "update-refused-in-the-midst",
        around(1, SERVICE),
        around(2, BAD_PORT),
        fails={Verb.UPGRADE: ("Service", "80000")},
    ),
    Case(
        "creation-refused-in-the-midst",
        around(1, ""),
        around(2, BAD_PORT),
        fails={Verb.UPGRADE: ("Service", "80000")},
    ),
    Case(
        "two-are-refused",
        around(-1, BAD_PORT),
        around(1, SERVICE),
        fails=dict.fromkeys((Verb.INSTALL, Verb.ROLLBACK), ("80000", "spec.replicas")),
        differs={"upgrade records": FAILED, "rollback records": f"{FAILED}; {IN_FORCE}"},
    ),
    broken_later(
        "refused-beside-another",
        config_map("a", **{"a/b": "1"}),
        "data[a/b]",
        differs={"upgrade objects": "several objects of one kind are written at once"},
    ),
    never(
        "kube-version",
        ONE.but(metadata={"kubeVersion": ">=99.0.0"}),
        "kubeVersion: >=99.0.0",
        "incompatible",
    ),
    never(
        "missing-dependency",
        ONE.but(metadata=depends("nosuch", repository="https://charts.example")),
        "nosuch",
    ),
    never("a-library", ONE.but(metadata={"type": "library"}), "library", "install"),
    Case("duplicate", twice("a", "a"), twice("b", "c")),
    Case(
        "owned-by-nobody",
        ONE,
        ONE,
        fails={**NOTHING_LEFT, Verb.INSTALL: ("ConfigMap", "c", "exist")},
        differs=dict.fromkeys(("install records", "upgrade records", "rollback records"), CLAIMED),
        before=({"metadata": {"name": "c"}, "data": {"mine": "1"}},),
    ),
    Case(
        "owned-by-nobody-later",
        ONE,
        ONE.but(templates={**ONE.templates, "x.yaml": config_map("x", v="1")}, values={"v": "2"}),
        fails={Verb.UPGRADE: ("ConfigMap", "x", "exist")},
        differs=dict.fromkeys(("upgrade objects", "upgrade records", "rollback records"), CLAIMED),
        before=({"metadata": {"name": "x"}, "data": {"mine": "1"}},),
    ),
)
