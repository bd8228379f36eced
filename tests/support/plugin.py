"""Downloader plugins of Helm, made on the fly."""

from pathlib import Path

LEGACY = """\
name: {name}
version: 1.0.0
usage: for tests
description: for tests
downloaders:
  - command: {command}
    protocols: [{scheme}]
"""
MODERN = """\
apiVersion: v1
type: getter/v1
name: {name}
version: 1.0.0
runtime: subprocess
config:
  protocols: [{scheme}]
runtimeConfig:
  protocolCommands:
    - protocols: [{scheme}]
      platformCommand:
        - command: {command}
"""


def make_plugin(
    folder: Path, scheme: str, script: str, *, form: str = LEGACY, name: str = "fetcher"
) -> Path:
    """Write a plugin whose downloader is a shell script; the URL is `$4`."""
    inside = folder / name
    inside.mkdir(parents=True)
    (inside / "plugin.yaml").write_text(form.format(name=name, command="run.sh", scheme=scheme))
    command = inside / "run.sh"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o700)
    return folder
