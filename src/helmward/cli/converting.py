"""What `helmward convert` does: read files, convert, print or write them back."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from helmward.apis.convert import Converted, Request, convert
from helmward.cli.shape import Exit
from helmward.errors import ConfigInvalid, SpecInvalid

STDIN = Path("-")


def convert_files(files: Sequence[Path], request: Request, *, in_place: bool) -> int:
    """Convert all files before anything is written; tell what could not be kept.

    Raises:
        SpecInvalid, ConfigInvalid: as `convert`; then nothing is written.
    """
    if in_place and STDIN in files:
        raise ConfigInvalid("--in-place has no file to write to where - stands for stdin")
    done = [(file, convert(_text(file), request, file=_name(file))) for file in files]
    if in_place:
        _write(done)
    else:
        click.echo(_stream([one.text for _, one in done]), nl=False)
    lost = [line for _, one in done for line in one.losses]
    for line in lost:
        click.echo(f"Not kept: {line}", err=True)
    return Exit.NOT_READY if lost else Exit.FINE


def _text(file: Path) -> str:
    try:
        stdin = file == STDIN
        content = sys.stdin.buffer.read() if stdin else file.read_bytes()
        return content.decode()
    except UnicodeDecodeError as error:
        raise SpecInvalid(f"{_name(file)}: is not UTF-8 text") from error
    except OSError as error:
        raise ConfigInvalid(f"{_name(file)}: {error.strerror}") from error


def _name(file: Path) -> str:
    return "stdin" if file == STDIN else str(file)


def _write(done: Sequence[tuple[Path, Converted]]) -> None:
    for file, one in done:
        if not one.changed:
            continue
        try:
            file.write_bytes(one.text.encode())
        except OSError as error:
            raise ConfigInvalid(f"{file}: {error.strerror}") from error
        click.echo(f"{file}: {one.changed} converted", err=True)


def _stream(texts: Sequence[str]) -> str:
    """Join files as documents of one stream; a single one stays as it is."""
    joined = ""
    for text in texts:
        if joined and not text.startswith("---"):
            joined += "---\n"
        joined += text if text.endswith("\n") or len(texts) == 1 else f"{text}\n"
    return joined
