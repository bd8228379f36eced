"""Dependencies of any kind, and expressions that say when they are ready."""

from typing import Any

import yaml

from helmward.kube.resources import DEPLOYMENTS, SECRETS
from tests.e2e.test_dependencies import object_of, on, waits
from tests.support.kinds import a_kind, a_widget, install, served, uninstall
from tests.support.operator import Releases
from tests.support.stories import history
from tests.support.wait import until
from tests.support.workloads import deployment

SECRET = {"apiVersion": "v1", "kind": "Secret"}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment"}


async def test_a_secret_that_has_only_to_be_there(operator: Releases) -> None:
    where = operator.namespace
    await operator.apply("web", dependsOn=on("key", **SECRET, ready=False))
    await waits(operator, "web", f"Secret {where}/key is not there")
    assert not await object_of(operator, "web")
    await operator.kube.create(SECRETS, {"metadata": {"name": "key"}}, where)
    await operator.ready("web")
    await operator.kube.delete(SECRETS, "key", where)
    await operator.apply(
        "web", dependsOn=on("key", **SECRET, ready=False), values={"colour": "red"}
    )
    await waits(operator, "web", f"Secret {where}/key is not there")
    assert await history(operator, f"{where}-web") == ["1 deployed"]


async def test_a_deployment_is_ready_with_its_pods(operator: Releases) -> None:
    where = operator.namespace
    made = yaml.safe_load(deployment("db", "", **{"devplane.helmward.dev/ready-after": "3s"}))
    await operator.apply("web", dependsOn=on("db", **DEPLOYMENT))
    await waits(operator, "web", f"Deployment {where}/db is not there")
    await operator.kube.create(DEPLOYMENTS, made, where)
    await waits(operator, "web", f"Deployment {where}/db is not ready")
    assert not await object_of(operator, "web")
    await operator.ready("web")
    found = await operator.kube.get(DEPLOYMENTS, "db", where)
    assert found["status"]["readyReplicas"] == 1


async def test_a_custom_kind_that_is_installed_later(operator: Releases) -> None:
    where, kind = operator.namespace, a_kind()
    up = {"readyExpr": "dep.?status.?phase.orValue('') == 'Up'"}
    named = {"apiVersion": kind.api_version, "kind": kind.kind}
    await operator.apply("web", dependsOn=on("main", **named, **up))
    await waits(operator, "web", f"the cluster has no kind {kind.kind}")
    await install(operator.kube, kind)
    await until(lambda: served(operator.kube, kind))
    await waits(operator, "web", f"Widget {where}/main is not there")
    await operator.kube.create(kind, a_widget(kind, where, "main"))
    await waits(operator, "web", f"Widget {where}/main is not ready")
    await operator.kube.replace_status(kind, "main", where, {"phase": "Up"})
    await operator.ready("web")
    await uninstall(operator.kube, kind)


async def test_an_expression_reads_both_helm_releases(operator: Releases) -> None:
    """It counts instead of the usual rules, and is asked again when the dependency changes."""
    expression = "dep.status.revision == self.metadata.annotations.want"
    await operator.apply("db")
    await operator.ready("db")
    await operator.apply(
        "web", annotations={"want": "1.1.0"}, dependsOn=on("db", readyExpr=expression)
    )
    await waits(operator, "web", "/db is not ready")
    await operator.apply("db", chart={"version": "1.1.0"})
    await operator.ready("web")
    assert (await operator.status("db"))["revision"] == "1.1.0"


async def test_a_broken_expression_is_named_and_can_be_mended(operator: Releases) -> None:
    broken: Any = ["dep.status.", "dep.metadata.name"]
    await operator.apply("db")
    await operator.ready("db")
    for expression in broken:
        await operator.apply("web", dependsOn=on("db", readyExpr=expression))
        said = await operator.says("web", "SpecInvalid", "spec.dependsOn[0].readyExpr")
        assert said["status"] == "False"
        await operator.apply("web", dependsOn=on("db", readyExpr="false"))
        await waits(operator, "web", "/db is not ready")
    await operator.apply("web", dependsOn=on("db", readyExpr="true"))
    await operator.ready("web")


async def test_an_expression_that_fails_over_a_secret_does_not_tell_it(operator: Releases) -> None:
    """Its words would stand in a status that more people may read."""
    where = operator.namespace
    secret = {"metadata": {"name": "key"}, "stringData": {"password": "hunter2"}}
    await operator.kube.create(SECRETS, secret, where)
    await operator.apply(
        "web", dependsOn=on("key", **SECRET, readyExpr="int(dep.data.password) > 1")
    )
    await operator.says("web", "key", "is not ready")
    told = str(await operator.status("web"))
    assert "hunter2" not in told
    assert "aHVudGVyMg" not in told
    await operator.apply("web", dependsOn=on("key", **SECRET, readyExpr="dep.data.password != ''"))
    await operator.ready("web")
