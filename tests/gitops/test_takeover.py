"""Objects that the real kubectl applied on the client's side become ours, field by field."""

import secrets
from typing import Any

from helmward.gitops.fields import FIELD_MANAGER
from helmward.gitops.marks import CHECKSUM, MARK
from helmward.gitops.stored import LAST_APPLIED
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS, SECRETS, SERVICES, Resource
from helmward.preview.difference import fields
from tests.support.applying import Applying
from tests.support.kubectl import Kubectl
from tests.support.objects import config_map, crd
from tests.support.wait import until

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: example.test/web:1
        env: [{name: COLOUR, value: blue}, {name: SIZE, value: large}]
        ports: [{containerPort: 80, name: http}, {containerPort: 53, protocol: UDP}]
        resources: {limits: {memory: 64Mi}}
"""
STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
      - {name: db, image: "example.test/db:1", volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
"""


class Meddling(Kube):
    """A client whose looks at a ConfigMap are followed by another's write, twice."""

    def __init__(self, kube: Kube) -> None:
        super().__init__(kube.config)
        self._transport = kube._transport
        self.written = 0

    async def get(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        metadata_only: bool = False,
    ) -> dict[str, Any]:
        found = await super().get(resource, name, namespace, metadata_only=metadata_only)
        if self.written < 2:
            edit = {"data": {f"theirs-{self.written}": "x"}}
            await super().patch(resource, name, namespace, edit)
            self.written += 1
        return found


def without(text: str, *pieces: str) -> str:
    for piece in pieces:
        assert piece in text
        text = text.replace(piece, "")
    return text


async def content(kube: Kube, resource: Resource, name: str, namespace: str) -> dict[str, Any]:
    """Return all of an object that somebody may have set, without our marks.

    The API server counts a Deployment's annotations as a new generation.
    """
    found = await kube.get(resource, name, namespace)
    metadata = found["metadata"]
    moving = ["managedFields", "resourceVersion"]
    moving += ["generation"] if resource == DEPLOYMENTS else []
    for key in moving:
        metadata.pop(key, None)
    labels, annotations = metadata.pop("labels", {}), metadata.pop("annotations", {})
    ours = (MARK, CHECKSUM, LAST_APPLIED)
    found["labels"] = {key: value for key, value in labels.items() if key not in ours}
    found["annotations"] = {key: value for key, value in annotations.items() if key not in ours}
    found.pop("status", None)
    return found


async def revision(kube: Kube, namespace: str) -> str:
    """Return how often the Deployment was rolled out."""
    found = await kube.get(DEPLOYMENTS, "web", namespace)
    annotations = found["metadata"].get("annotations", {})
    return str(annotations.get("deployment.kubernetes.io/revision", ""))


async def applied_by_kubectl(kubectl: Kubectl, kube: Kube, text: str) -> None:
    """Apply a Deployment on the client's side, and wait until its controller has seen it."""
    await kubectl("apply", "-f", "-", stdin=text)
    await until(lambda: revision(kube, kubectl.namespace))


async def owners(kube: Kube, resource: Resource, name: str, namespace: str) -> set[str]:
    found = await kube.get(resource, name, namespace)
    return {entry["manager"] for entry in found["metadata"]["managedFields"]}


async def test_nothing_changes_when_workloads_are_taken_over(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """No field, no generation: so nothing restarts, whatever the API server filled in."""
    texts = DEPLOYMENT, SERVICE, STATEFUL
    await applied_by_kubectl(kubectl, kube, "---".join(texts))
    await kubectl("annotate", "deployment/web", "service/web", "statefulset/db", "mine=kept")
    stateful = await kube.resource_for("apps/v1", "StatefulSet")
    objects = [(DEPLOYMENTS, "web"), (SERVICES, "web"), (stateful, "db")]
    before = [await content(kube, *one, namespace) for one in objects]
    assert await revision(kube, namespace) == "1"

    outcome = await applying.apply(*texts)

    assert outcome.refused == ()
    assert [await content(kube, *one, namespace) for one in objects] == before
    for one in objects:
        found = await kube.get(*one, namespace)
        assert LAST_APPLIED not in found["metadata"]["annotations"]
    assert set((await applying.verbs(*texts)).values()) == {"none"}


async def test_what_git_dropped_goes_and_what_others_set_stays(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """Scaled, patched, edited, annotated, restarted by hand: all of it is others'."""
    await applied_by_kubectl(kubectl, kube, DEPLOYMENT)
    await kubectl("patch", "deployment/web", "--type=merge", "-p", '{"spec":{"paused":true}}')
    await kubectl("annotate", "deployment/web", "mine=kept")
    await kubectl("label", "deployment/web", "mine=kept")
    await kubectl("set", "env", "deployment/web", "ADDED=yes")
    before = await content(kube, DEPLOYMENTS, "web", namespace)

    dropped = without(
        DEPLOYMENT, ", {name: SIZE, value: large}", ", {containerPort: 53, protocol: UDP}"
    )
    await applying.apply(dropped)

    after = await content(kube, DEPLOYMENTS, "web", namespace)
    [container] = before["spec"]["template"]["spec"]["containers"]
    container["env"] = [entry for entry in container["env"] if entry["name"] != "SIZE"]
    container["ports"] = [port for port in container["ports"] if port["containerPort"] != 53]
    assert after == before
    assert after["labels"]["mine"] == after["annotations"]["mine"] == "kept"


async def test_a_rehearsal_foresees_a_take_over(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """What git dropped is shown to go, although kubectl still owns it."""
    old = config_map("one", extra="  labels: {gone: x}\n") + "  gone: x\n"
    await applied_by_kubectl(kubectl, kube, f"{DEPLOYMENT}---\n{old}")
    await kubectl("patch", "configmap/one", "--type=merge", "-p", '{"data":{"theirs":"kept"}}')
    await kubectl("set", "env", "deployment/web", "ADDED=yes")
    dropped = without(
        DEPLOYMENT, ", {name: SIZE, value: large}", ", {containerPort: 53, protocol: UDP}"
    )
    texts = dropped, config_map("one")

    foreseen = await applying.rehearse(*texts, documents=True)
    outcome = await applying.apply(*texts)

    assert (foreseen.refused, outcome.refused) == ((), ())
    for change in foreseen.changes:
        resource = CONFIG_MAPS if change.id.kind == "ConfigMap" else DEPLOYMENTS
        found = await kube.get(resource, change.id.name, namespace)
        assert change.merged
        for field in ("data", "spec"):
            assert fields(change.merged.get(field) or {}, found.get(field) or {}) == ()
        assert change.merged["metadata"]["labels"] == found["metadata"]["labels"]


async def test_numbers_of_git_count_again_after_a_scale_by_hand(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """As with Flux; where git names no number, that of the scale stays."""
    await applied_by_kubectl(kubectl, kube, DEPLOYMENT)
    await kubectl("scale", "deployment/web", "--replicas=5")

    await applying.apply(without(DEPLOYMENT, "  replicas: 2\n"))
    assert (await kube.get(DEPLOYMENTS, "web", namespace))["spec"]["replicas"] == 5
    await applying.apply(DEPLOYMENT)
    assert (await kube.get(DEPLOYMENTS, "web", namespace))["spec"]["replicas"] == 2


async def test_a_container_that_git_renamed_leaves_no_torso(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """kubectl owns what was filled in; a container of nothing but defaults is refused."""
    await applied_by_kubectl(kubectl, kube, DEPLOYMENT)

    outcome = await applying.apply(DEPLOYMENT.replace("- name: web", "- name: shop"))

    assert outcome.refused == ()
    found = await kube.get(DEPLOYMENTS, "web", namespace)
    containers = found["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in containers] == ["shop"]


async def test_a_container_that_git_renamed_goes_with_what_an_old_kubectl_added(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """As `kubectl apply` had it: no container of nothing but that variable is left."""
    manager = "--field-manager=kubectl"
    await kubectl("apply", manager, "-f", "-", stdin=DEPLOYMENT)
    await kubectl("set", "env", "deployment/web", manager, "ADDED=yes")

    await applying.apply(DEPLOYMENT.replace("value: blue", "value: red"))
    found = await kube.get(DEPLOYMENTS, "web", namespace)
    [container] = found["spec"]["template"]["spec"]["containers"]
    assert {"name": "ADDED", "value": "yes"} in container["env"]

    outcome = await applying.apply(DEPLOYMENT.replace("- name: web", "- name: shop"))
    assert outcome.refused == ()
    found = await kube.get(DEPLOYMENTS, "web", namespace)
    containers = found["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in containers] == ["shop"]


async def test_a_port_that_git_moved_is_one_port(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """Were the new one added before the old one goes, their names would clash."""
    await kubectl("apply", "-f", "-", stdin=SERVICE)
    before = await kube.get(SERVICES, "web", namespace)

    rehearsal = await applying.rehearse(SERVICE.replace("port: 80", "port: 81"))
    outcome = await applying.apply(SERVICE.replace("port: 80", "port: 81"))

    assert (rehearsal.refused, [str(change.verb) for change in rehearsal.changes]) == (
        (),
        ["change"],
    )
    assert outcome.refused == ()
    found = await kube.get(SERVICES, "web", namespace)
    assert [port["port"] for port in found["spec"]["ports"]] == [81]
    assert found["spec"]["clusterIP"] == before["spec"]["clusterIP"]


async def test_a_key_that_git_dropped_goes_and_edited_keys_stay(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """Whoever edits owns the key; what was edited and is in git is healed."""
    old = config_map("one") + "  gone: x\n  healed: x\n"
    await kubectl("apply", "-f", "-", stdin=old)
    edit = '{"data":{"healed":"by hand","theirs":"kept"}}'
    await kubectl("patch", "configmap/one", "--type=merge", "-p", edit)

    await applying.apply(config_map("one") + "  healed: x\n")

    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "healed": "x", "theirs": "kept"}
    assert await owners(kube, CONFIG_MAPS, "one", namespace) == {FIELD_MANAGER, "kubectl-patch"}


async def test_an_entry_of_an_old_kubectl_is_divided(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """It knew one name for all its commands: only what was applied last is git's."""
    old = config_map("one") + "  gone: x\n"
    command = ("apply", "--field-manager=kubectl", "-f", "-")
    await kubectl(*command, stdin=old)
    edit = '{"data":{"theirs":"kept"}}'
    manager = "--field-manager=kubectl"
    await kubectl("patch", "configmap/one", manager, "--type=merge", "-p", edit)
    assert await owners(kube, CONFIG_MAPS, "one", namespace) == {"kubectl"}

    await applying.apply(config_map("one"))

    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "theirs": "kept"}
    assert await owners(kube, CONFIG_MAPS, "one", namespace) == {FIELD_MANAGER, "kubectl"}


async def test_an_object_older_than_managed_fields_is_taken_over(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """Nobody is noted down as owner of anything."""
    await kubectl("apply", "-f", "-", stdin=config_map("one") + "  gone: x\n")
    await kube.patch(CONFIG_MAPS, "one", namespace, {"data": {"theirs": "kept"}})
    await kube.patch(CONFIG_MAPS, "one", namespace, {"metadata": {"managedFields": [{}]}})

    await applying.apply(config_map("one"))

    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "theirs": "kept"}


async def test_a_secret_is_taken_over_with_what_it_was_given_in_plain(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """`stringData` names keys that are stored as `data`; kubectl's note of it goes."""
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    await kubectl("apply", "-f", "-", stdin=f"{head}stringData: {{a: s3cret, gone: s3cret}}\n")

    await applying.apply(f"{head}stringData: {{a: s3cret}}\n")

    found = await kube.get(SECRETS, "s", namespace)
    assert list(found["data"]) == ["a"]
    assert "s3cret" not in str(found)
    assert LAST_APPLIED not in found["metadata"]["annotations"]


async def test_a_custom_object_is_taken_over(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """Its lists have no keys: they are taken as one."""
    group = f"{secrets.token_hex(4)}.example.test"
    await kubectl("apply", "-f", "-", stdin=crd("cars", "Car", group))
    await kubectl("wait", "--for=condition=Established", f"crd/cars.{group}")
    car = (
        f"apiVersion: {group}/v1\nkind: Car\nmetadata: {{name: c}}\n"
        "spec: {wheels: [a, b], old: {x: 1}}\n"
    )
    await kubectl("apply", "-f", "-", stdin=car)
    cars = Resource(group, "v1", "cars", "Car")
    await kube.patch(cars, "c", namespace, {"spec": {"theirs": True}})

    await applying.apply(car.replace("[a, b], old: {x: 1}", "[a]"))

    found = await kube.get(cars, "c", namespace)
    assert found["spec"] == {"wheels": ["a"], "theirs": True}
    assert found["metadata"]["generation"] == 3
    await kube.delete(CRDS, f"cars.{group}")


async def test_an_older_file_applied_by_hand_is_healed(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """Its values give way, and what only it had goes."""
    newer = config_map("one", "2")
    await applying.apply(newer)
    await kubectl("apply", "-f", "-", stdin=config_map("one") + "  old: x\n")
    assert (await kube.get(CONFIG_MAPS, "one", namespace))["data"] == {"a": "1", "old": "x"}

    outcome = await applying.apply(newer)

    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "2"}
    assert LAST_APPLIED not in found["metadata"]["annotations"]
    assert [applied.healed for applied in outcome.applied] == [True]


async def test_a_take_over_waits_for_nobody_who_writes_meanwhile(
    applying: Applying, kubectl: Kubectl, kube: Kube, namespace: str
) -> None:
    """The owners that were read may be old by the time they are written."""
    await kubectl("apply", "-f", "-", stdin=config_map("one") + "  gone: x\n")
    meddling = Meddling(kube)
    applying.applier.cluster = meddling

    outcome = await applying.apply(config_map("one"))

    assert outcome.refused == ()
    found = await kube.get(CONFIG_MAPS, "one", namespace)
    assert found["data"] == {"a": "1", "theirs-0": "x", "theirs-1": "x"}
    fields = {e["manager"]: e["fieldsV1"] for e in found["metadata"]["managedFields"]}
    assert fields["helmward"] == {"f:data": {"f:theirs-0": {}, "f:theirs-1": {}}}
