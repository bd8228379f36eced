"""Charts with hooks: when they run, what they leave, and what comes of it when one fails."""

from typing import Final

from tests.differential.case import STAYS_FAILED, Case, Edition, Verb
from tests.support.helm import config_map

EVENTS: Final = (
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "pre-delete",
    "post-delete",
)


def hook(name: str, events: str, policy: str = "", weight: int = 0) -> str:
    """Write a ConfigMap that is a hook."""
    marks = f'    helm.sh/hook: "{events}"\n    helm.sh/hook-weight: "{weight}"\n'
    if policy:
        marks += f'    helm.sh/hook-delete-policy: "{policy}"\n'
    text = config_map(name, v="{{ .Release.Revision }}", given="{{ .Values.v }}")
    return text.replace(f"  name: {name}\n", f"  name: {name}\n  annotations:\n{marks}")


def job(name: str, events: str, policy: str = "", *, fails: str = "") -> str:
    """Write a Job that is a hook; `fails` is the condition under which its pod does."""
    deletes = f', helm.sh/hook-delete-policy: "{policy}"' if policy else ""
    fate = "{{ if FAILS }}annotations: {devplane.helmward.dev/pod: fails}{{ end }}"
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n"
        f'  annotations: {{helm.sh/hook: "{events}"{deletes}}}\n'
        "spec:\n  backoffLimit: 0\n  template:\n    metadata:\n      labels: {a: b}\n"
        f"      {fate.replace('FAILS', fails) if fails else ''}\n"
        "    spec: {restartPolicy: Never, containers: [{name: main, image: i}]}\n"
    )


def nameless(name: str, events: str, policy: str = "") -> str:
    """Write a hook whose name the server makes up."""
    return hook(name, events, policy).replace(f"  name: {name}\n", f"  generateName: {name}-\n")


def refused(name: str, events: str, policy: str = "") -> str:
    """Write a hook that the API server refuses."""
    return hook(name, events, policy).replace(f"  name: {name}\n", "  name: Not_A_Name\n")


def with_hooks(v: str, **templates: str) -> Edition:
    """Return a chart of one ConfigMap and hooks."""
    texts = {f"{name}.yaml": text for name, text in templates.items()}
    return Edition({"c.yaml": config_map("c", v="{{ .Values.v }}"), **texts}, {"v": v})


ALL: Final = {
    **{event.replace("-", "_"): hook(event, event) for event in EVENTS},
    "late": hook("late", "pre-install,pre-upgrade,post-rollback", weight=5),
    "early": hook("early", "pre-install,pre-upgrade,post-rollback", weight=-5),
}
POLICIES: Final = {
    "succeeded": hook("succeeded", ",".join(EVENTS[:6]), "hook-succeeded"),
    "before": hook("before", ",".join(EVENTS[:6]), "before-hook-creation"),
    "failed": hook("failed", "post-install, post-upgrade", "hook-failed"),
    "both": hook("both", "pre-install,pre-rollback", "before-hook-creation,hook-succeeded"),
    "gone": hook("gone", "pre-delete,post-delete", "hook-succeeded"),
}
TESTS: Final = {
    "good": job("good", "test", "before-hook-creation"),
    "also": hook("also", "test", "hook-succeeded"),
}
SPECIAL: Final = (
    "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: runner\n  annotations:\n"
    '    helm.sh/hook: pre-install,pre-upgrade\n    helm.sh/hook-weight: "-1"\n'
)

CASES: Final = (
    Case("hooks", with_hooks("1", **ALL), with_hooks("2", **ALL)),
    Case("hooks-deleted-by-policy", with_hooks("1", **POLICIES), with_hooks("2", **POLICIES)),
    Case(
        "hook-jobs",
        with_hooks("1", a=job("a", "pre-install,pre-upgrade", "hook-succeeded"), s=SPECIAL),
        with_hooks("2", a=job("a", "pre-upgrade,post-rollback"), s=SPECIAL),
    ),
    Case(
        "hook-named-by-the-server",
        with_hooks("1", x=nameless("x", "pre-install")),
        with_hooks("2", x=nameless("x", "pre-upgrade")),
        fails={
            Verb.INSTALL: ("resource name may not be empty",),
            Verb.UPGRADE: ("resource name may not be empty",),
        },
    ),
    Case("tests", with_hooks("1", **TESTS), with_hooks("2", **TESTS), tests=True),
    Case(
        "failing-pre-install",
        with_hooks("1", check=job("check", "pre-install", fails="true")),
        with_hooks("2", check=job("check", "pre-install", fails="true")),
        fails={Verb.INSTALL: ("check", "Job")},
        differs=STAYS_FAILED,
    ),
    Case(
        "failing-post-upgrade",
        with_hooks("1", check=job("check", "post-upgrade", "hook-failed", fails="true")),
        with_hooks("2", check=job("check", "post-upgrade", "hook-failed", fails="true")),
        fails={Verb.UPGRADE: ("check", "Job")},
    ),
    Case(
        "refused-pre-upgrade",
        with_hooks("1", a=hook("a", "pre-upgrade"), b=refused("b", "pre-upgrade")),
        with_hooks("2", a=hook("a", "pre-upgrade"), b=refused("b", "pre-upgrade")),
        fails={Verb.UPGRADE: ("Not_A_Name", "RFC 1123")},
    ),
    Case(
        "failing-post-rollback",
        with_hooks("1", check=job("check", "post-rollback", fails="true")),
        with_hooks("2", check=job("check", "post-rollback", fails="true")),
        fails={Verb.ROLLBACK: ("check", "Job")},
        differs={"rollback records": "stock Helm leaves the revision pending, ours is failed"},
    ),
    Case(
        "failing-pre-delete",
        with_hooks("1", check=job("check", "pre-delete", fails="true")),
        with_hooks("2", check=job("check", "pre-delete", fails="true")),
        fails={Verb.UNINSTALL: ("check", "Job")},
        differs={"uninstall records": "the description says why: what the caller gave"},
    ),
    Case(
        "failing-post-delete",
        with_hooks("1", check=refused("check", "post-delete")),
        with_hooks("2", check=refused("check", "post-delete")),
        fails={Verb.UNINSTALL: ("Not_A_Name",)},
    ),
)
