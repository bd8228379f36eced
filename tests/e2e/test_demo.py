"""`helmward demo`, started as a newcomer would, and what is left of it afterwards."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.processes import lives, processes

HELMWARD = Path(sys.executable).parent / "helmward"
MARK = "HELMWARD_TEST_RUN"


@dataclass
class Show:
    """One running demo: its own HOME and temporary folder, and what it has said."""

    process: asyncio.subprocess.Process
    folder: Path
    mark: str
    lines: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    async def until_said(self, words: str) -> str:
        """Read until a line holds the words."""
        assert self.process.stdout
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())
            if words in self.lines[-1]:
                return self.lines[-1]
        raise AssertionError(f"never said {words!r}:\n{self.said}")

    async def end(self) -> int:
        """Read to the end and return the exit code."""
        assert self.process.stdout
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())
        return await self.process.wait()

    def left_behind(self) -> list[str]:
        """Name every process of it that still runs and every file that is left."""
        files = [str(path) for path in self.folder.rglob("*") if not path.is_dir()]
        return files + [f"process {pid}" for pid in marked(self.mark)]


def marked(mark: str) -> list[int]:
    """Return the processes that were started, at whatever remove, with the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
        except OSError:  # gone meanwhile, or not ours
            continue
        if f"{MARK}={mark}".encode() in environment and lives(int(entry.name)):
            found.append(int(entry.name))
    return found


@asynccontextmanager
async def a_demo(folder: Path, *words: str) -> AsyncIterator[Show]:
    """Start a demo with an empty HOME; it is killed if the test fails."""
    home, scratch = folder / "home", folder / "tmp"
    for path in (home, scratch):
        path.mkdir(parents=True)
    mark = uuid.uuid4().hex
    process = await asyncio.create_subprocess_exec(
        HELMWARD,
        "demo",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(scratch), MARK: mark},
    )
    try:
        async with asyncio.timeout(180):
            yield Show(process, folder, mark)
    finally:
        for pid in marked(mark):
            os.kill(pid, signal.SIGKILL)
        await process.wait()


async def test_two_demos_side_by_side_both_show_the_whole_story(tmp_path: Path) -> None:
    """Each verifies its own end state; none may touch the other's ports or files."""
    async with (
        a_demo(tmp_path / "first", "--once") as first,
        a_demo(tmp_path / "second", "--once") as second,
    ):
        codes = await asyncio.gather(first.end(), second.end())

        assert set(codes) == {0}, first.said + second.said
        for show in (first, second):
            assert "git sync           found commit" in show.said
            assert "shop/cart          Helm installs revision 1" in show.said
            assert "payments/ledger    Ready: release ledger at revision 1" in show.said
            assert "greeting: Good evening!, replicas: 3" in show.said
            assert "shop/storefront    workload ready: 3/3 pods" in show.said
            assert "kubectl delete     configmap shop-storefront" in show.said
            assert re.search("ConfigMap shop-storefront is back after [0-9]+ ms", show.said)
            assert re.search("shop/storefront .* DriftCorrected: .*shop-storefront", show.said)
            assert "as expected" in show.lines[-1]
            assert show.left_behind() == []


async def test_it_stays_up_for_the_commands_it_prints_until_ctrl_c(tmp_path: Path) -> None:
    async with a_demo(tmp_path) as show:
        await show.until_said("Ctrl-C ends the demo")
        kubeconfig = next(line for line in show.lines if "export KUBECONFIG=" in line)
        commands = [line.split() for line in show.lines if line.startswith("  ")]
        commands = [words for words in commands if words[0].endswith("kubectl")]

        answers = [
            await asyncio.to_thread(ask, words, kubeconfig.split("=")[1]) for words in commands
        ]
        await show.until_said("shop-storefront is back")
        show.process.send_signal(signal.SIGINT)

        assert await show.end() == 0, show.said
        assert len(commands) == 4
        assert "storefront" in answers[0]
        assert "3/3" in answers[1]
        assert "shop-storefront" in answers[2]
        assert 'configmap "shop-storefront" deleted' in answers[3]
        assert show.left_behind() == []


def ask(words: list[str], kubeconfig: str) -> str:
    """Run a command that the demo prints, as a user would in another terminal."""
    done = subprocess.run(
        words,
        env=os.environ | {"KUBECONFIG": kubeconfig},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.parametrize("moment", ["from a commit in git", "CRD ", "Helm installs"])
async def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path, moment: str) -> None:
    async with a_demo(tmp_path, "--once") as show:
        await show.until_said(moment)
        show.process.send_signal(signal.SIGINT)

        assert await show.end() == 130, show.said
        assert "Traceback" not in show.said
        assert show.left_behind() == []


@pytest.mark.parametrize("name", ["engine", "devplane"])
async def test_a_part_that_dies_ends_it_or_is_started_anew(tmp_path: Path, name: str) -> None:
    """The engine comes back; without its control plane the demo fails and cleans up."""
    async with a_demo(tmp_path, "--once") as show:
        # In mid-install its death would cost each release a revision more.
        await show.until_said("git commit")
        (part,) = [
            one for one in processes() if one.parent == show.process.pid and one.name == name
        ]
        os.kill(part.pid, signal.SIGKILL)

        code = await show.end()

        assert code == (0 if name == "engine" else 3), show.said
        assert show.left_behind() == []


def test_without_git_it_says_what_is_missing(tmp_path: Path) -> None:
    def no_git(which: Callable[[str], str | None]) -> str:
        folder = tmp_path / "bin"
        folder.mkdir()
        for program in ("env", "sh"):
            found = which(program)
            assert found
            (folder / program).symlink_to(found)
        return str(folder)

    done = subprocess.run(
        [HELMWARD, "demo", "--once"],
        env={"PATH": no_git(shutil.which), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("Error: the demo needs the program `git`")
