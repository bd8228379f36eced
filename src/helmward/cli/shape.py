"""How commands look and fail: sections of flags in `--help`, errors as one line.

Called by the commands. The exit codes of every command are settled here.
"""

import re
import traceback
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Final

import click

from helmward import __version__
from helmward.cli.flags import Flag
from helmward.cli.pflag import as_pflag
from helmward.errors import ConfigInvalid, HelmwardError


class Exit(IntEnum):
    """What a command's exit code says."""

    FINE = 0
    NOT_READY = 1
    """Something differs from what was asked for, or is not ready."""
    USAGE = 2
    """A flag, an environment variable or a kubeconfig is wrong."""
    FAILED = 3
    """The cluster, the engine or a repository said no."""
    BUG = 70
    INTERRUPTED = 130


def _say_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        click.echo(f"Helmward {__version__}")
        ctx.exit()


VERSION: Final = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version and exit.",
)


class Failure(click.ClickException):
    """Errors of ours, to be read by people: one line each, no traceback."""

    def __init__(self, errors: list[HelmwardError]) -> None:
        super().__init__("\nError: ".join(map(_words, errors)))
        wrong = all(isinstance(error, ConfigInvalid) for error in errors)
        self.code = Exit.USAGE if wrong else Exit.FAILED

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """What the process ends with."""
        return self.code


class Command(click.Command):
    """A command whose `--help` shows the flags by section, and examples as written.

    Its words are read as Go's pflag reads them, and `--version` is understood
    wherever `--help` is: both are what the old operator's arguments may hold.
    """

    def __init__(self, name: str | None = None, **attrs: Any) -> None:
        attrs["help"] = _with_examples(attrs.get("help"))
        super().__init__(name, **attrs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words."""
        return super().parse_args(ctx, as_pflag(args, self.get_params(ctx)))

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the flags, the two that every command has among them."""
        return [*super().get_params(ctx), VERSION]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list of flags per section, in the order of their declaration."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            section = param.section if isinstance(param, Flag) else "Help"
            if record := param.get_help_record(ctx):
                sections.setdefault(section, []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records, col_max=34)


class Door(click.Group):
    """The group of all commands; every error of theirs passes through here."""

    command_class = Command

    def __init__(self, name: str | None = None, **attrs: Any) -> None:
        attrs["help"] = _with_examples(attrs.get("help"))
        super().__init__(name, **attrs)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Keep the order of declaration: what is used most comes first."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn our errors into one line, bugs into a traceback."""
        try:
            return super().invoke(ctx)
        except HelmwardError as error:
            raise Failure([error]) from error
        except Exception as error:
            if isinstance(error, (click.ClickException, click.Abort, click.exceptions.Exit)):
                raise
            if isinstance(error, BrokenPipeError):
                raise
            leaves = list(_leaves(error))
            ours = [leaf for leaf in leaves if isinstance(leaf, HelmwardError)]
            if ours and len(ours) == len(leaves):
                raise Failure(ours) from error
            click.echo(_masked("".join(traceback.format_exception(error))), err=True, nl=False)
            ctx.exit(Exit.BUG)


def _words(error: HelmwardError) -> str:
    """Return one line, except where another program's own words follow."""
    first, _, rest = str(error).strip().partition("\n\n")
    said = " ".join(first.split())
    return _masked(f"{said}\n{rest}" if rest else said)


def _masked(text: str) -> str:
    """Keep secrets out of the last words of a process too."""
    from helmward.redaction import REDACTOR  # noqa: PLC0415 (quick --help)

    return REDACTOR.mask(text)


def _with_examples(text: str | None) -> str:
    """Mark examples with click's sign for "do not wrap"."""
    return re.sub(r"(?m)^( *)(Examples?:)$", "\\1\b\n\\1\\2", text or "")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """All errors that a TaskGroup gathered, in their order."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)
