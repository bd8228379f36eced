"""Manifests that commands write, as `.flux.yaml` asks."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helmward.engine import Engine
from helmward.errors import HelmwardError, SourceRejected, SourceUnavailable
from helmward.gitops.build import Manifest
from helmward.gitops.building import Builder
from helmward.settings import PathSettings
from tests.gitops.test_building import NO_TOOLS, Place, a_builder, a_map
from tests.gitops.test_kustomized import BASE, PROD, tools
from tests.gitops.test_sealed_files import sealed
from tests.support.engines import fetching
from tests.support.git_repo import GitRepo
from tests.support.processes import lives
from tests.support.wait import until


@pytest.fixture
def place(repo: GitRepo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "work")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with fetching() as one:
        yield one.engine


def a_recipe(*commands: str, more: str = "") -> str:
    listed = "".join(f"  - command: {command}\n{more}" for command in commands)
    return f"version: 1\ncommandUpdated:\n  generators:\n{listed}"


def generating(place: Place, **options: Any) -> Builder:
    return a_builder(place, options.pop("tools", NO_TOOLS), generators=True, **options)


async def objects(place: Place, builder: Builder, path: str = "app") -> Sequence[Manifest]:
    return (await builder.build(await place.snapshot(), PathSettings(path))).manifests


async def names(place: Place, builder: Builder, path: str = "app") -> list[str]:
    return [one.id.name for one in await objects(place, builder, path)]


async def refused(
    place: Place, builder: Builder, error: type[HelmwardError] = SourceRejected
) -> str:
    with pytest.raises(error) as caught:
        await objects(place, builder)
    return str(caught.value)


async def test_what_commands_print_is_joined(place: Place) -> None:
    """They run in the path's folder; files beside them are not read for themselves."""
    recipe = a_recipe("cat one.yaml", "cat ../base/two.yaml")
    files = {"app/one.yaml": a_map("one"), "base/two.yaml": a_map("two")}
    place.repo.commit({".flux.yaml": recipe, "app/unread.yaml": "kind: {", **files})

    one, two = await objects(place, generating(place))

    assert (one.id.name, two.id.name) == ("one", "two")
    assert one.place == ".flux.yaml:4: output:1"


async def test_nothing_runs_unless_it_is_switched_on(place: Place) -> None:
    """A `.flux.yaml` then is a file without a kind."""
    place.repo.commit({"app/.flux.yaml": a_recipe("exit 1"), "app/a.yaml": a_map("a")})

    assert await names(place, a_builder(place)) == ["a"]


async def test_without_the_file_the_path_is_built_as_ever(place: Place) -> None:
    place.repo.commit({"x/.flux.yaml": a_recipe("exit 1"), "app/a.yaml": a_map("a")})

    assert await names(place, generating(place)) == ["a"]


async def test_a_folder_may_be_scanned_all_the_same(place: Place) -> None:
    scan = "{version: 1, scanForFiles: {}}"
    place.repo.commit(
        {".flux.yaml": a_recipe("exit 1"), "app/.flux.yaml": scan, "app/a.yaml": a_map("a")}
    )

    assert await names(place, generating(place)) == ["a"]


async def test_the_copy_is_as_git_has_it(place: Place) -> None:
    """Links inside, none that lead out; what is in Git LFS is left out."""
    lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:x\n"
    place.repo.commit(
        {".flux.yaml": a_recipe("sh app.sh"), "app/app.sh": SCRIPT, "app/x.png": lfs},
        links={"app/in": "../.flux.yaml", "app/out": "/etc/passwd", "app/up": "../../x"},
    )

    (found,) = await objects(place, generating(place))

    assert found.object["data"] == {"text": "app.sh in"}


SCRIPT = """test "$(head -1 in)" = "version: 1" || exit 1
printf '%s\\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: a}'
echo "data: {text: $(ls | tr '\\n' ' ')}"
"""


async def test_a_file_that_may_be_run_may_be_run(place: Place) -> None:
    place.repo.commit({".flux.yaml": a_recipe("./make"), "app/x": ""})
    repo, script = place.repo, f"#!/bin/sh\ncat <<E\n{a_map('a')}E\n"
    oid = repo.git("hash-object", "-w", "--stdin", stdin=script)
    repo.git("read-tree", repo.branch)
    repo.git("update-index", "--add", "--cacheinfo", f"100755,{oid},app/make")
    parent = repo.git("rev-parse", repo.branch)
    repo.rewind(repo.git("commit-tree", repo.git("write-tree"), "-p", parent, "-m", "x"))

    assert await names(place, generating(place)) == ["a"]


async def test_a_command_knows_little_of_us(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Flux v1 passed on, and a home of its own that is empty."""
    monkeypatch.setenv("KUBECONFIG", "planted")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "passed")
    clean = 'test -z "$KUBECONFIG" && test -z "$(ls -A $HOME)"'
    shown = f"'{clean} && echo \"$CLOUDSDK_CONFIG\" >&2; exit 3'"
    place.repo.commit({".flux.yaml": a_recipe(shown), "app/x": ""})

    assert await refused(place, generating(place), SourceUnavailable) == (
        ".flux.yaml:4: the command ended with 3: passed"
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo planned >&2; exit 7", "ended with 7: planned"),
        ("exit 7", "ended with 7: without a word"),
        ("no-such-program", "ended with 127: "),
        ("kill -9 $$", "was killed (SIGKILL): without a word"),
    ],
)
async def test_a_command_that_fails_is_named_and_tried_again(
    place: Place, command: str, words: str
) -> None:
    """What it reads besides git may be there later."""
    place.repo.commit({".flux.yaml": a_recipe(command), "app/x": ""})

    said = await refused(place, generating(place), SourceUnavailable)

    assert said.startswith(f".flux.yaml:4: the command {words}")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("'echo \"a: [\"'", ".flux.yaml:4: output:2:1: "),
        ("'echo \"kind: x\"'", ".flux.yaml:4: output:1: apiVersion is missing"),
        ("cat secret.yaml", ".flux.yaml:4: what the command printed is encrypted with SOPS"),
        ("head -c 70000000 /dev/zero", ".flux.yaml:4: the command printed more than"),
    ],
)
async def test_what_a_command_printed_wrongly_is_named(
    place: Place, command: str, words: str
) -> None:
    place.repo.commit({".flux.yaml": a_recipe(command), "app/secret.yaml": sealed("secret.yaml")})

    assert (await refused(place, generating(place))).startswith(words)


@pytest.mark.parametrize("path", ["none", "app/none.yaml"])
async def test_a_path_that_is_not_there_is_named(place: Place, path: str) -> None:
    """Before anything runs."""
    place.repo.commit({".flux.yaml": a_recipe("exit 7"), "app/x": ""})

    with pytest.raises(SourceRejected, match=f"--git-path {path}: commit .* has no such folder"):
        await objects(place, generating(place), path)


async def test_a_late_command_is_killed_with_all_that_it_started(
    place: Place, tmp_path: Path
) -> None:
    """Also in the background; later the path is tried again."""
    told = tmp_path / "pid"
    command = f"sleep 1000 & echo $! > {told}; wait"
    recipe = a_recipe(command, more="    timeout: 1s\n")
    place.repo.commit({".flux.yaml": recipe, "app/x": ""})

    with pytest.raises(SourceUnavailable, match=r"\.flux\.yaml:4: the command took longer than"):
        await objects(place, generating(place))
    await until(lambda: not lives(int(told.read_text())))


async def test_the_time_of_a_sync_is_the_limit_of_a_command(place: Place) -> None:
    place.repo.commit({".flux.yaml": a_recipe("sleep 1000"), "app/x": ""})
    builder = generating(place, sync_timeout=timedelta(milliseconds=200))

    with pytest.raises(HelmwardError, match="took longer than"):
        await objects(place, builder)


async def test_a_command_ends_with_the_one_who_wanted_it(place: Place, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    place.repo.commit({".flux.yaml": a_recipe(f"echo $$ > {told}; sleep 1000"), "app/x": ""})
    wanted = asyncio.create_task(objects(place, generating(place)))
    await until(lambda: told.exists() and told.read_text())
    wanted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wanted

    assert not lives(int(told.read_text()))


async def test_kustomize_is_at_hand_without_the_program(place: Place, engine: Engine) -> None:
    """A command that is just that needs neither it nor a shell."""
    recipe = a_recipe("kustomize build --load-restrictor LoadRestrictionsNone .")
    place.repo.commit(BASE | PROD | {".flux.yaml": recipe})

    assert await names(place, generating(place, tools=tools(engine)), "prod") == [
        "my-page",
        "my-web",
    ]


async def test_kustomize_sees_what_commands_before_it_wrote(place: Place, engine: Engine) -> None:
    """Scripts that prepare a kustomization are common, and git does not have its result."""
    recipe = a_recipe("mv late.yaml page.yaml", "kustomize build .")
    files = {"late.yaml": a_map("late"), "kustomization.yaml": "resources: [page.yaml]\n"}
    place.repo.commit(
        {f"app/{name}": text for name, text in files.items()} | {".flux.yaml": recipe}
    )

    assert await names(place, generating(place, tools=tools(engine))) == ["late"]


async def test_what_commands_left_unreadable_is_named(place: Place, engine: Engine) -> None:
    recipe = a_recipe("mkdir page.yaml && ln -s page.yaml x.yaml", "kustomize build .")
    text = "resources: [x.yaml]\n"
    place.repo.commit({".flux.yaml": recipe, "app/kustomization.yaml": text})

    said = await refused(place, generating(place, tools=tools(engine)))

    assert said.startswith("app/kustomization.yaml")
    assert "x.yaml" in said


async def test_the_program_kustomize_is_used_where_it_is(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has put it there wants its version."""
    program = tmp_path / "bin" / "kustomize"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<E\n{a_map('from-the-program')}E\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    place.repo.commit({".flux.yaml": a_recipe("kustomize build ."), "app/x": ""})

    assert await names(place, generating(place)) == ["from-the-program"]


PATCHED = """version: 1
patchUpdated:
  generators:
  - command: cat a.yaml b.yaml
  patchFile: patch.yaml
"""
POD = """apiVersion: v1
kind: Pod
metadata: {{name: a}}
spec: {{containers: [{{name: x, image: {}}}]}}
"""
PODS = {
    "app/a.yaml": f"{POD.format('old')}---\n",
    "app/b.yaml": a_map("b"),
}
PATCH = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: x, image: new}]}\n"
)
MORE = f"---\n{a_map('b', 'new')}"


@pytest.mark.parametrize("where", ["app/patch.yaml", "patch.yaml"])
async def test_patches_are_laid_over_what_commands_print(
    place: Place, engine: Engine, where: str
) -> None:
    """By the rules of Kubernetes: a container is found by its name."""
    place.repo.commit({".flux.yaml": PATCHED, where: PATCH + MORE, **PODS})

    found = await objects(place, generating(place, tools=tools(engine)))
    a, b = sorted(found, key=lambda one: one.id.name)

    assert a.object["spec"] == {"containers": [{"name": "x", "image": "new"}]}
    assert b.object["data"] == {"text": "new"}
    assert a.place == ".flux.yaml:4: output:1"


@pytest.mark.parametrize("patch", [None, "# nothing yet\n"])
async def test_there_may_be_no_patches_yet(place: Place, engine: Engine, patch: str | None) -> None:
    files = {"app/patch.yaml": patch} if patch else {}
    place.repo.commit({".flux.yaml": PATCHED, **PODS, **files})

    assert await names(place, generating(place, tools=tools(engine))) == ["a", "b"]


async def test_a_patch_for_nothing_is_named(place: Place, engine: Engine) -> None:
    place.repo.commit({".flux.yaml": PATCHED, "app/patch.yaml": a_map("none"), **PODS})

    words = await refused(place, generating(place, tools=tools(engine)))

    assert words.startswith("app/patch.yaml: ")
    assert "none" in words
    assert ".generated" not in words
