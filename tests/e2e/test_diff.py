"""`helmward diff` on a real control plane: what a commit would change, down to the releases."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helmward.apis import V1
from helmward.gitops.record import record_name
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.settings import GitSettings, PruneSettings, RepositorySettings
from tests.support.git_repo import GitRepo
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.previews import Clone, config_map, secret, text
from tests.support.rights import a_rule, bind, kubeconfig_as

POLL = timedelta(seconds=0.2)


@pytest.fixture
async def clone(
    plane: Plane, kube: Kube, releases: Releases, tmp_path: Path
) -> AsyncIterator[Clone]:
    """A clone of a repository that both roles of a running operator serve; pruning is on."""
    namespace = releases.namespace
    git = GitRepo(tmp_path / "shop.git")
    git.commit({"README.md": "a shop"})
    followed = RepositorySettings(
        git.url,
        namespace,
        poll_interval=POLL,
        default_namespace=namespace,
        prune=PruneSettings(enabled=True),
    )
    async with running(settings_for(plane.kubeconfig, git=GitSettings((followed,)))):
        yield Clone(kube, git, tmp_path / "clone", namespace, plane.kubeconfig, namespace)
        await releases.clear()


async def test_nothing_changed_is_one_line_and_exit_code_0(clone: Clone) -> None:
    await clone.in_force({"a.yaml": config_map("a", x="1")})

    code, out, err = await clone.diff()

    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1
    assert "no difference (1 object)" in out


async def test_what_is_added_changed_and_removed_is_said(clone: Clone) -> None:
    many = [config_map(f"m{number}", x="1") for number in range(4)]
    await clone.in_force(
        {"a.yaml": config_map("a", x="1"), "b.yaml": config_map("b"), "m.yaml": many}
    )
    clone.write({"a.yaml": config_map("a", x="2"), "b.yaml": None, "new.yaml": config_map("new")})

    code, out, err = await clone.diff("--sync-garbage-collection")

    assert (code, err) == (1, "")
    assert "+1 ~1 -1 objects" in out.splitlines()[0]
    assert f"~ ConfigMap {clone.namespace}/a  (a.yaml:1)" in out
    assert "-  x: '1'" in out
    assert "+  x: '2'" in out
    assert f"+ ConfigMap {clone.namespace}/new  (new.yaml:1)" in out
    assert f"- ConfigMap {clone.namespace}/b" in out
    for noise in ("managedFields", "resourceVersion", "uid", "sync-gc-mark", "sync-checksum"):
        assert noise not in out


async def test_a_commit_is_looked_at_by_its_name(clone: Clone) -> None:
    """As a pull request's branch, that nobody has checked out."""
    await clone.in_force({"a.yaml": config_map("a", x="1")})
    clone.git.commit({"README.md": "a shop", "c.yaml": text(config_map("c"))}, branch="next")
    clone.pull()

    code, out, _ = await clone.diff("origin/next", "-o", "json")

    assert code == 1
    found = json.loads(out)
    assert found["subject"].startswith("origin/next (")
    assert [(one["name"], one["verb"]) for one in found["objects"]] == [("c", "create")]
    assert [one["name"] for one in found["kept"]] == ["a"]
    assert (await clone.diff("HEAD"))[0] == 0


async def test_a_broken_file_is_named_with_its_line(clone: Clone) -> None:
    clone.write({"ok.yaml": config_map("a"), "broken.yaml": "a: 1\n---\nkind: [\n"})

    code, out, err = await clone.diff()

    assert (code, out) == (3, "")
    assert "broken.yaml:" in err


async def test_what_is_neither_folder_nor_commit_is_wrong_usage(clone: Clone) -> None:
    code, _, err = await clone.diff("no-such-branch")

    assert code == 2
    assert "'no-such-branch' is neither a folder nor a commit" in err


async def test_changed_values_show_in_the_deployment_of_the_release(
    clone: Clone, releases: Releases
) -> None:
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document("web", values={"workload": True, "colour": "green", "objects": 1})
    await clone.in_force({"web.yaml": document})
    await app.ready("web")
    document["spec"]["values"]["colour"] = "red"
    clone.write({"web.yaml": document})

    code, out, err = await clone.diff()

    assert (code, err) == (1, "")
    assert "1 HelmRelease, inside of them +0 ~2 -0" in out.splitlines()[0]
    assert 'colour: "green" -> "red"' in out
    assert f"~ Deployment.apps {clone.namespace}/{clone.namespace}-web" in out
    assert "+        colour: red" in out


async def test_a_newer_chart_shows_what_it_makes(clone: Clone, releases: Releases) -> None:
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document("web", values={"objects": 1})
    await clone.in_force({"web.yaml": document})
    await app.ready("web")
    document["spec"]["chart"]["version"] = "1.1.0"
    document["spec"]["values"] = {"objects": 2}
    clone.write({"web.yaml": document})

    code, out, _ = await clone.diff("-o", "json")

    assert code == 1
    (found,) = json.loads(out)["releases"]
    assert found["chart"] == {"before": "app-1.0.0", "after": "app-1.1.0"}
    assert [(one["name"], one["verb"]) for one in found["objects"]] == [
        (f"{clone.namespace}-web-0", "change"),
        (f"{clone.namespace}-web-1", "create"),
    ]


async def test_a_config_map_of_the_same_commit_counts(clone: Clone, releases: Releases) -> None:
    """The HelmRelease itself stays as it is; what it reads changes in the same commit."""
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document("web", valuesFrom=[{"configMapKeyRef": {"name": "values"}}])
    config = config_map("values", **{"values.yaml": "colour: green\n"})
    await clone.in_force({"web.yaml": document, "values.yaml": config})
    await app.ready("web")
    clone.write({"values.yaml": config_map("values", **{"values.yaml": "colour: red\n"})})

    code, out, _ = await clone.diff("-o", "json")

    assert code == 1
    (found,) = json.loads(out)["releases"]
    assert found["values"] == 'colour: "green" -> "red"'
    assert found["objects"][0]["fields"] == ["data.colour"]


PLANTED = ("hunter2-before", "hunter2-after", "hunter2-shared")


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
async def test_no_format_shows_what_secrets_hold_or_held(
    output: str, clone: Clone, releases: Releases
) -> None:
    """Neither of Secrets in git, nor by way of values and what charts make of them."""
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document(
        "web",
        values={"workload": True},
        valuesFrom=[{"secretKeyRef": {"name": "values"}}],
    )
    held = {"values.yaml": f"colour: {PLANTED[0]}\n", "token": PLANTED[2]}
    await clone.in_force({"web.yaml": document, "values.yaml": secret("values", **held)})
    await app.ready("web")
    holds = {"values.yaml": f"colour: {PLANTED[1]}\n", "token": PLANTED[2]}
    clone.write({"values.yaml": secret("values", **holds)})

    code, out, err = await clone.diff("-o", output)

    assert code == 1
    assert "colour" in out
    assert "Deployment" in out
    for planted in PLANTED:
        assert planted not in out + err
        assert base64.b64encode(planted.encode()).decode().rstrip("=") not in out + err


async def test_what_came_from_a_secret_stays_masked_when_it_comes_from_there_no_more(
    clone: Clone, releases: Releases
) -> None:
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document("web", valuesFrom=[{"secretKeyRef": {"name": "values"}}])
    held = secret("values", **{"values.yaml": f"colour: {PLANTED[0]}\n"})
    await clone.in_force({"web.yaml": document, "values.yaml": held})
    await app.ready("web")
    clone.write({"web.yaml": app.document("web", values={"colour": "red"})})

    code, out, _ = await clone.diff()

    assert code == 1
    assert "colour: *** -> " in out
    assert PLANTED[0] not in out


async def test_a_release_that_goes_is_said_with_what_it_has(
    clone: Clone, releases: Releases
) -> None:
    """A release that owns volumes is not removed before somebody approves of it."""
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document("web", values={"objects": 1, "volume": True})
    others = [config_map(f"m{number}") for number in range(6)]
    await clone.in_force({"web.yaml": document, "m.yaml": others})
    await app.ready("web")
    clone.write({"web.yaml": None})

    code, out, _ = await clone.diff("--sync-garbage-collection", "-o", "json")

    assert code == 1
    document = json.loads(out)
    assert f"{clone.namespace}-web-data" in document["braked"]
    (gone,) = document["objects"]
    assert (gone["kind"], gone["verb"], gone["note"]) == (
        "HelmRelease",
        "remove",
        "waits for an approval",
    )
    (found,) = document["releases"]
    assert (found["fate"], found["volumes"]) == ("uninstall", [f"{clone.namespace}-web-data"])
    assert {one["kind"] for one in found["objects"]} == {"ConfigMap", "PersistentVolumeClaim"}


async def test_one_release_that_cannot_be_rendered_does_not_hide_the_others(
    clone: Clone, releases: Releases
) -> None:
    app = releases.of("app", resource=V1.resource)
    asleep = {
        **app.document("asleep"),
        "metadata": {"name": "asleep", "namespace": clone.namespace},
    }
    asleep["spec"]["suspend"] = True
    clone.write(
        {
            "good.yaml": app.document("good", values={"objects": 1}),
            "bad.yaml": app.document("bad", chart={"version": "9.9.9"}),
            "asleep.yaml": asleep,
        }
    )

    code, out, _ = await clone.diff("-o", "json")

    assert code == 1
    found = {one["name"].partition("/")[2]: one for one in json.loads(out)["releases"]}
    assert found["good"]["fate"] == "install"
    assert [one["verb"] for one in found["good"]["objects"]] == ["create"]
    assert found["bad"]["fate"] == "unknown"
    assert "9.9.9" in found["bad"]["problem"]


async def test_nothing_is_written_to_the_cluster(clone: Clone, releases: Releases) -> None:
    app = releases.of("app", resource=V1.resource)
    app.made.append((app, "web"))
    document = app.document("web", values={"objects": 1})
    await clone.in_force({"web.yaml": document, "a.yaml": config_map("a", x="1")})
    await app.ready("web")
    document["spec"]["values"]["objects"] = 2
    clone.write({"web.yaml": document, "a.yaml": config_map("a", x="2"), "b.yaml": config_map("b")})
    before = await versions(clone)

    assert (await clone.diff())[0] == 1

    assert await versions(clone) == before


async def versions(clone: Clone) -> dict[str, str]:
    """Return the versions of everything of ours in the namespace and of the record."""
    found = {}
    for resource in (CONFIG_MAPS, SECRETS, V1.resource):
        listed, _ = await clone.kube.list(resource, clone.namespace)
        for one in listed:
            found[f"{resource.kind} {one['metadata']['name']}"] = version_of(one)
    record = await clone.kube.get(CONFIG_MAPS, record_name(clone.repository), clone.home)
    return {**found, "record": record["metadata"]["resourceVersion"]}


def version_of(document: dict[str, Any]) -> str:
    """Return what an object was at; the operator's own word about it does not count."""
    entries = document["metadata"].get("managedFields") or []
    written = [one["time"] for one in entries if one.get("subresource") != "status"]
    return f"{document['metadata'].get('generation')} {written}"


async def test_who_may_not_rehearse_is_told_which_right_is_missing(
    clone: Clone, kube: Kube, tmp_path: Path
) -> None:
    clone.write({"a.yaml": config_map("a", x="1")})
    reading = a_rule([""], ["configmaps"], ["get", "list"])
    reader = f"reader-{clone.namespace}"
    await bind(kube, clone.namespace, reader, reading)
    kubeconfig = kubeconfig_as(reader, clone.kubeconfig, tmp_path)

    code, out, err = await clone.diff(kubeconfig=kubeconfig)

    assert (code, out) == (3, "")
    assert "rights to get and to patch" in err
    assert "cannot patch" in err

    await bind(
        kube, clone.namespace, reader, a_rule([""], ["configmaps"], ["get", "patch", "create"])
    )
    code, out, err = await clone.diff(kubeconfig=kubeconfig)
    assert (code, err) == (1, "")
    assert "+1 ~0 -0 objects" in out
    assert "what would be removed is not known" in out


async def test_an_object_that_would_be_refused_is_said(clone: Clone) -> None:
    port = {"port": 99999}
    metadata = {"name": "web"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [port]},
    }
    clone.write({"web.yaml": service, "a.yaml": config_map("a")})

    code, out, _ = await clone.diff()

    assert code == 1
    assert "1 object would be refused" in out.splitlines()[0]
    assert "! web.yaml:1: Service" in out


async def test_what_comes_with_its_own_namespace_counts_as_new(clone: Clone) -> None:
    name = f"{clone.namespace}-more"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    inside = config_map("a", x="1")
    inside["metadata"]["namespace"] = name
    clone.write({"all.yaml": [namespace, inside]})

    code, out, _ = await clone.diff()

    assert code == 1
    assert "+2 ~0 -0 objects" in out.splitlines()[0]
    assert f"+ ConfigMap {name}/a  (all.yaml:6): nobody can say yet" in out


async def test_a_folder_is_looked_at_as_the_path_of_that_name(clone: Clone) -> None:
    """What is elsewhere in the repository is neither read nor thought to be gone."""
    files = {"one/a.yaml": config_map("a", x="1"), "two/b.yaml": config_map("b", x="1")}
    await clone.in_force(files)
    clone.write({"one/a.yaml": config_map("a", x="2"), "two/b.yaml": "kind: [\n"})

    code, out, _ = await clone.diff("one", "--sync-garbage-collection")

    assert code == 1
    assert "+0 ~1 -0 objects" in out.splitlines()[0]
