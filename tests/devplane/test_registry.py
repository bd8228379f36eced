"""The registry keeps what is pushed, lets in whom it should, and outlives nobody."""

import asyncio
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.charts import CONFIG_MAP, make_chart
from tests.support.processes import lives
from tests.support.registry import running_registry
from tests.support.wait import until


def test_what_was_pushed_is_there_after_a_restart(tmp_path: Path) -> None:
    archive = make_chart(tmp_path, "app", "1.0.0", {"c.yaml": CONFIG_MAP})
    with running_registry(tmp_path / "registry") as registry:
        pushed = registry.push(archive)
        registry.stop()
        registry.start()
        content, _ = registry.ask("GET", "/v2/charts/app/manifests/1.0.0")
        assert content == pushed.content


@pytest.mark.parametrize(
    ("user", "status"), [("", 401), ("ada:wrong", 401), ("bob:word", 401), ("ada:word", 200)]
)
def test_one_user_alone_is_let_in(tmp_path: Path, user: str, status: int) -> None:
    with running_registry(tmp_path, user="ada", password="word") as registry:
        registry.user, _, registry.password = user.partition(":")
        registry.ask("GET", "/v2/", wanted=status)


async def test_no_registry_outlives_who_started_it(tmp_path: Path) -> None:
    """Even if that one is killed and can clean up nothing; also from a thread that has ended."""
    script = textwrap.dedent("""\
        import sys, threading, time
        from pathlib import Path
        from tests.support.registry import running_registry
        running = running_registry(Path(sys.argv[1]))
        starting = threading.Thread(target=lambda: print(running.__enter__().process.pid))
        starting.start()
        starting.join()
        sys.stdout.flush()
        time.sleep(600)
        """)
    command = [sys.executable, "-c", script, str(tmp_path)]
    parent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    registry = int(await parent.stdout.readline())
    assert lives(registry)
    parent.kill()
    await until(lambda: not lives(registry), within=20)
    await parent.wait()
