"""Reads words as Go's pflag does, so that a Deployment's old arguments mean what they meant.

Called by the commands before click reads them. The differences: a switch takes
a value only after `=`, and `-l=:3030` is `-l :3030`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import click

TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class Switch(click.ParamType[bool]):
    """A boolean flag: `--x`, `--x=true` or `--x=false`."""

    name = "bool"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> bool:
        """Refuse what Go's `strconv.ParseBool` refuses."""
        if isinstance(value, bool):
            return value
        if value not in TRUE | FALSE:
            self.fail(f"{value!r} is neither true nor false", param, ctx)
        return value in TRUE


def as_pflag(words: Sequence[str], params: Iterable[click.Parameter]) -> list[str]:
    """Return the words as click has to read them to understand what pflag would."""
    return list(_reworded(iter(words), _options(params)))


def _options(params: Iterable[click.Parameter]) -> dict[str, click.Option]:
    return {name: one for one in params if isinstance(one, click.Option) for name in one.opts}


def _reworded(words: Iterator[str], options: dict[str, click.Option]) -> Iterator[str]:
    for word in words:
        option = options.get(word)
        if word == "--":
            yield word
            yield from words
        elif option is None:
            yield _short(word, options)
        elif isinstance(option.type, Switch):
            yield f"{word}=true"
        elif option.is_flag:
            yield word
        else:
            yield word
            # Whatever follows is its value, even if it looks like a flag.
            yield from (value for value in (next(words, None),) if value is not None)


def _short(word: str, options: dict[str, click.Option]) -> str:
    """Take the sign out of `-l=:3030`, which click would read as part of the value."""
    name, sign, value = word.partition("=")
    single = sign and not name.startswith("--") and name in options
    return f"{name}{value}" if single else word
