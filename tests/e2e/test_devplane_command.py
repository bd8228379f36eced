"""`helmward devplane`: a control plane in the foreground."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.processes import children, lives

BIN = Path(sys.executable).parent


def test_it_says_how_to_reach_it_and_ctrl_c_stops_it(tmp_path: Path) -> None:
    folder = tmp_path / "plane"
    process = subprocess.Popen(
        [BIN / "helmward", "devplane", "--dir", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == f"export KUBECONFIG={folder}/kubeconfig\n"
        family = children(process.pid)
        answer = kubectl(folder / "kubeconfig", "get", "namespaces", "--output", "name")

        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()

    assert "namespace/kube-system" in answer
    assert process.returncode == 0, said
    assert "is ready at https://127.0.0.1:" in said
    assert family
    assert not [pid for pid in family if lives(pid)]


def kubectl(kubeconfig: Path, *words: str) -> str:
    done = subprocess.run(
        [BIN / "kubectl", *words],
        env=os.environ | {"KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "plane").touch()
    done = subprocess.run(
        [BIN / "helmward", "devplane", "--dir", tmp_path / "plane"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert "--dir" in done.stderr


def test_a_port_in_use_is_told_without_a_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [BIN / "helmward", "devplane", "--dir", tmp_path / "plane", "--port", port],
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert port in done.stderr
