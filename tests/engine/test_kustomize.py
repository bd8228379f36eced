"""Kustomizations are built from the files handed over, in a process that reaches nothing else."""

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from helmward.engine import Engine
from helmward.errors import EngineLost, SourceRejected, SourceUnavailable
from tests.support.engines import Fetching, fetching
from tests.support.processes import children, lives
from tests.support.wait import until

BASE = {
    "apps/base/kustomization.yaml": b"resources: [web.yaml]\n"
    b"configMapGenerator: [{name: settings, literals: [greeting=hello]}]\n",
    "apps/base/web.yaml": b"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
    b"spec: {volumes: [{name: a, configMap: {name: settings}}]}\n",
    "apps/prod/kustomization.yaml": b"resources: [../base]\nnamespace: prod\nnamePrefix: my-\n",
}


def hashed(name: str, data: dict[str, str]) -> str:
    """The name of a generated ConfigMap ends in a hash of its data.

    Ten digits of the SHA-256 of it as JSON, those that could make words replaced.
    """
    content = {"data": data, "kind": "ConfigMap", "name": ""}
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    digits = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{name}-{digits.translate(str.maketrans('013ae', 'ghkmt'))}"


SETTINGS = hashed("my-settings", {"greeting": "hello"})


@pytest.fixture
async def running() -> AsyncIterator[Fetching]:
    async with fetching() as one:
        yield one


@pytest.fixture
def engine(running: Fetching) -> Engine:
    return running.engine


async def test_objects_come_in_order_with_the_file_they_were_written_in(engine: Engine) -> None:
    settings, web = await engine.kustomize(BASE, "apps/prod")
    assert settings.value == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": SETTINGS, "namespace": "prod"},
        "data": {"greeting": "hello"},
    }
    assert settings.file == "apps/base/kustomization.yaml"
    assert web.value["metadata"] == {"name": "my-web", "namespace": "prod"}
    assert web.value["spec"]["volumes"][0]["configMap"]["name"] == SETTINGS
    assert web.file == "apps/base/web.yaml"


@pytest.mark.parametrize("path", ["", "."])
async def test_the_root_is_built(engine: Engine, path: str) -> None:
    files = {"kustomization.yaml": b"namespace: a\nresources: [apps/base]\n", **BASE}
    assert len(await engine.kustomize(files, path)) == 2


async def test_faults_name_file_and_line(engine: Engine) -> None:
    files = BASE | {"apps/prod/kustomization.yaml": b"resources:\n- ../base\n- none.yaml\n"}
    with pytest.raises(SourceRejected) as refused:
        await engine.kustomize(files, "apps/prod")
    assert str(refused.value) == (
        'apps/prod/kustomization.yaml:3: resources[1]: "none.yaml" is not there'
    )


@pytest.mark.parametrize(
    ("kustomization", "words"),
    [
        (b"resources: ['https://example.com/a.yaml']", "is not fetched: put it into the repo"),
        (b"resources: ['github.com/a/b?ref=v1']", "is not fetched: put it into the repo"),
        (b"helmCharts: [{name: app}]", "write a HelmRelease"),
        (b"resources: [../../../../etc/passwd]", "leads out of the repository"),
        (b"secretGenerator: [{name: a, literals: [PLANTED]}]", r"literals\[0\]: is not written"),
    ],
)
async def test_what_reaches_out_or_tells_secrets_is_refused(
    engine: Engine, kustomization: bytes, words: str
) -> None:
    with pytest.raises(SourceRejected, match=words) as refused:
        await engine.kustomize({"app/kustomization.yaml": kustomization}, "app")
    assert "PLANTED" not in str(refused.value)
    assert str(refused.value).startswith("app/kustomization.yaml")


async def test_aliases_that_grow_without_bound_are_refused(engine: Engine) -> None:
    files = {"kustomization.yaml": b"resources: [x.yaml]", "x.yaml": growing(9)}
    with pytest.raises(SourceRejected, match=r"x\.yaml:1: grows beyond any bound"):
        await engine.kustomize(files, "")


async def test_bases_that_multiply_are_refused(engine: Engine) -> None:
    files = {
        f"l{i}/{side}/kustomization.yaml": (
            f"nameSuffix: -{side}\nresources: [../../l{i + 1}/a, ../../l{i + 1}/b]\n".encode()
        )
        for i in range(20)
        for side in "ab"
    }
    files |= {f"l20/{side}/kustomization.yaml": b"namePrefix: x\n" for side in "ab"}
    with pytest.raises(SourceRejected, match="more than 2000 times"):
        await engine.kustomize(files, "l0/a")


async def test_memory_is_bounded(running: Fetching) -> None:
    """Each file stays below what one may grow to; together they do not fit."""
    files = {
        f"{i}.yaml": b"apiVersion: v1\nkind: A\nmetadata: {name: a%d}\n" % i + growing(5)
        for i in range(8)
    }
    files["kustomization.yaml"] = f"resources: [{', '.join(files)}]".encode()
    instance = running.process.instance
    with pytest.raises(SourceRejected, match=r"^\.: building it broke off: it takes more than"):
        await running.engine.kustomize(files, "")
    assert running.process.instance == instance


async def test_more_than_a_message_holds_is_refused(engine: Engine) -> None:
    files = {"kustomization.yaml": b"resources: []", "x": b"x" * (50 << 20)}
    with pytest.raises(SourceRejected, match=r"^\.: the files have \d+ bytes"):
        await engine.kustomize(files, "")
    files["y"] = files["x"]
    with pytest.raises(SourceRejected, match=r"^\.: the files have \d+ bytes"):
        await engine.kustomize(files, "")


async def test_a_build_ends_at_its_deadline(running: Fetching) -> None:
    """The process that builds goes with it; the engine lives on, and builds the next."""
    instance = running.process.instance
    with pytest.raises(SourceUnavailable, match=r"^\.: it was not built in time"):
        await running.engine.kustomize(slow(), "", deadline=timedelta(milliseconds=300))
    await until(lambda: not builders(running))
    assert len(await running.engine.kustomize(BASE, "apps/base")) == 2
    assert running.process.instance == instance


async def test_a_build_ends_with_the_one_who_wanted_it(running: Fetching) -> None:
    wanted = asyncio.create_task(running.engine.kustomize(slow(), ""))
    await until(lambda: bool(builders(running)))
    wanted.cancel()
    await until(lambda: not builders(running))


async def test_a_build_ends_with_the_engine(running: Fetching) -> None:
    wanted = asyncio.create_task(running.engine.kustomize(slow(), ""))
    await until(lambda: bool(builders(running)))
    builder = builders(running)[0]
    await running.restart()
    await until(lambda: not lives(builder))
    with pytest.raises(EngineLost):
        await wanted


async def test_a_build_that_breaks_down_takes_nothing_with_it(running: Fetching) -> None:
    """Out of memory, the kernel ends the process that builds; here we do."""
    instance = running.process.instance
    wanted = asyncio.create_task(running.engine.kustomize(slow(), ""))
    await until(lambda: bool(builders(running)))
    os.kill(builders(running)[0], signal.SIGKILL)
    with pytest.raises(SourceRejected, match=r"^\.: building it broke off"):
        await wanted
    assert len(await running.engine.kustomize(BASE, "apps/base")) == 2
    assert running.process.instance == instance


async def test_what_is_nested_without_bound_is_refused(running: Fetching) -> None:
    instance = running.process.instance
    deep = b"a: " + b"{a: " * 9_000 + b"1" + b"}" * 9_000
    with pytest.raises(SourceRejected, match=r"x:1: .*(nested too deep|is no YAML)"):
        await running.engine.kustomize({"kustomization.yaml": b"resources: [x]", "x": deep}, "")
    assert running.process.instance == instance


async def test_many_builds_run_side_by_side(engine: Engine) -> None:
    built = await asyncio.gather(*(engine.kustomize(BASE, "apps/prod") for _ in range(8)))
    assert [len(one) for one in built] == [2] * 8


async def test_warnings_of_the_library_are_not_heard(running: Fetching) -> None:
    files = {"kustomization.yaml": b"commonLabels: {a: b}\nresources: [apps/base]\n", **BASE}
    assert len(await running.engine.kustomize(files, "")) == 2
    assert all(line.get("msg") == "call" or "library" not in str(line) for line in running.logs)
    assert "deprecated" not in str(running.logs)


def growing(lines: int) -> bytes:
    """Each line holds ten times the one before."""
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
    more = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, lines + 1))
    return "\n".join([first, *more]).encode()


def slow() -> dict[str, bytes]:
    """More than is built in a moment."""
    files = {f"{i}.yaml": _config_map(i) for i in range(5_000)}
    return files | {"kustomization.yaml": f"resources: [{', '.join(files)}]".encode()}


def builders(running: Fetching) -> list[int]:
    """The processes that build for an engine, dead ones left out."""
    assert running.process.pid
    return [pid for pid in children(running.process.pid) if lives(pid)]


def _config_map(number: int) -> bytes:
    return b"{apiVersion: v1, kind: ConfigMap, metadata: {name: c%d}, data: {a: b}}" % number
