"""Help that explains, errors in one line, exit codes that mean something."""

import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner

from helmward.cli.main import helmward
from helmward.cli.shape import Door
from helmward.errors import ClusterUnavailable, ConfigInvalid
from helmward.redaction import REDACTOR

HEAVY = ("aiohttp", "asyncio", "grpc", "google.protobuf", "prometheus_client", "structlog", "yaml")


def a_door(action: Callable[[], None]) -> Door:
    door = Door("door")

    @door.command()
    def act() -> None:
        action()

    return door


def raising(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


def test_help_loads_nothing_heavy() -> None:
    """`--help` answers in the time of importing click, or nobody reads it."""
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('modules:', *sorted(sys.modules), file=sys.stderr))\n"
        "from helmward.__main__ import main\n"
        "sys.argv = ['helmward', 'run', '--help']\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert not loaded.intersection(HEAVY)
    assert "--git-url" in done.stdout


@pytest.mark.parametrize("command", sorted(helmward.commands))
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(helmward, [command, "--help"])

    assert result.exit_code == 0
    assert helmward.commands[command].help


def test_every_flag_explains_itself_and_names_its_variable() -> None:
    for command in helmward.commands.values():
        for param in command.params:
            if isinstance(param, click.Argument):
                assert (param.metavar or "").rstrip(".") in (command.help or ""), param.name
                continue
            assert isinstance(param, click.Option)
            assert param.help, param.name
            assert str(param.envvar).startswith("HELMWARD_"), param.name


def test_a_wrong_configuration_is_one_line_and_code_2() -> None:
    result = CliRunner().invoke(
        a_door(raising(ConfigInvalid("--kubeconfig x:\n no server"))), "act"
    )

    assert result.exit_code == 2
    assert result.stderr == "Error: --kubeconfig x: no server\n"


def test_a_failure_elsewhere_is_one_line_and_code_3() -> None:
    result = CliRunner().invoke(a_door(raising(ClusterUnavailable("no answer"))), "act")

    assert result.exit_code == 3
    assert result.stderr == "Error: no answer\n"


def test_errors_of_several_tasks_are_one_line_each() -> None:
    """A TaskGroup wraps what its tasks raised, at times more than once."""
    group = ExceptionGroup(
        "tasks", [ExceptionGroup("inner", [ConfigInvalid("--listen")]), ConfigInvalid("--context")]
    )
    result = CliRunner().invoke(a_door(raising(group)), "act")

    assert result.exit_code == 2
    assert result.stderr == "Error: --listen\nError: --context\n"


def test_a_bug_shows_its_traceback_and_is_told_apart() -> None:
    """Exit code 1 is taken: it says `not ready`."""
    group = ExceptionGroup("tasks", [ConfigInvalid("--listen"), KeyError("x")])
    result = CliRunner().invoke(a_door(raising(group)), "act")

    assert result.exit_code == 70
    assert "KeyError: 'x'" in result.stderr


@pytest.mark.parametrize("error", [KeyError("hunter2"), ClusterUnavailable("at hunter2")])
def test_last_words_keep_secrets_too(error: Exception) -> None:
    REDACTOR.learn("test", ["hunter2"])
    try:
        result = CliRunner().invoke(a_door(raising(error)), "act")
    finally:
        REDACTOR.forget("test")

    assert "***" in result.stderr
    assert "hunter2" not in result.stderr


def test_the_program_is_installed() -> None:
    program = os.path.join(os.path.dirname(sys.executable), "helmward")  # noqa: PTH118, PTH120
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.startswith("Helmward ")
