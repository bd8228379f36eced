"""`helmward convert` as it is called: files, stdin, what is printed, exit codes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helmward.cli.main import helmward

BETA = """\
apiVersion: flux.weave.works/v1beta1
kind: HelmRelease
metadata: {name: cart}
spec:
  chart: {repository: https://charts.example.com, name: cart, version: 1.0.0}
  values: {a: 1}
"""
STABLE = BETA.replace("flux.weave.works/v1beta1", "helm.fluxcd.io/v1")
LOSING = f"{BETA}  rollback: {{enable: true}}\n"
ALPHA = """\
apiVersion: helm.integrations.flux.weave.works/v1alpha2
kind: FluxHelmRelease
metadata: {name: cart}
spec: {chartGitPath: cart, values: {a: 1}}
"""


def run(*words: str, stdin: str = "", **environment: str) -> Result:
    return CliRunner().invoke(helmward, ["convert", *words], input=stdin, env=environment)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cart.yaml"
    path.write_text(BETA)
    return path


def test_a_file_is_printed_as_it_is_converted(file: Path) -> None:
    result = run(str(file))
    assert (result.exit_code, result.stdout, result.stderr) == (0, STABLE, "")
    assert file.read_text() == BETA


def test_stdin_is_a_file_too() -> None:
    assert run("-", stdin=BETA).stdout == STABLE


def test_several_files_become_one_stream(file: Path) -> None:
    result = run(str(file), str(file))
    assert result.stdout == f"{STABLE}---\n{STABLE}"


def test_files_can_be_written_in_place(file: Path) -> None:
    result = run(str(file), "--in-place")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{file}: 1 converted\n"
    assert file.read_text() == STABLE


def test_a_file_without_old_releases_is_not_touched(file: Path) -> None:
    file.write_text(STABLE)
    before = file.stat().st_mtime_ns
    result = run(str(file), "--in-place")
    assert (result.exit_code, result.stderr) == (0, "")
    assert file.stat().st_mtime_ns == before


def test_what_is_not_kept_is_told_and_is_code_1(file: Path) -> None:
    file.write_text(LOSING)
    result = run(str(file))
    assert result.exit_code == 1
    assert "apiVersion: helm.fluxcd.io/v1\n" in result.stdout
    assert result.stderr.startswith(f"Not kept: {file}, document 1 (HelmRelease cart): ")


def test_one_bad_file_keeps_all_from_being_written(file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [")
    result = run(str(file), str(bad), "--in-place")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"Error: {bad}, line 1: is not YAML")
    assert file.read_text() == BETA


def test_a_missing_flag_is_code_2(file: Path) -> None:
    file.write_text(ALPHA)
    result = run(str(file), HELMWARD_GIT_URL="")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --git-url must name the repository")


def test_where_charts_lie_may_stand_in_the_environment(file: Path) -> None:
    file.write_text(ALPHA)
    result = run(str(file), HELMWARD_GIT_URL="https://git.example.com/a")
    assert '"chart": {"git": "https://git.example.com/a", "ref": "master"' in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "FILE"),
        (("nosuch.yaml",), "nosuch.yaml"),
        (("-", "--in-place"), "--in-place has no file"),
        (("-", "--to", "v2"), "--to"),
    ],
)
def test_wrong_usage_is_code_2(words: tuple[str, ...], said: str) -> None:
    result = run(*words, stdin=BETA)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_no_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    result = run(str(file))
    assert result.exit_code == 3
    assert result.stderr == f"Error: {file}: is not UTF-8 text\n"
