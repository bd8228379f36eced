"""Values with their sources as a table, as YAML with comments, as JSON; pure.

Called by `explaining`. What came from Secrets is masked, unless the user wants
to see it; what else is known to be secret is masked wherever it stands.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from helmward.model import Chart
from helmward.redaction import MASK, Redactor
from helmward.values import shown
from helmward.values.provenance import Said, Traced

MAX_CELL: Final = 60
"""Characters of one value in the table."""
HEADS: Final = ("KEY", "VALUE", "SET BY", "OVERRIDES")
REMOVED: Final = "(removed)"


@dataclass(frozen=True, slots=True)
class Shown:
    """How values are shown."""

    chart: Chart
    redactor: Redactor | None
    """What masks; None shows everything."""

    def value(self, said: Said) -> Any:
        """Return a value as it may be seen."""
        if self.redactor is None:
            return said.value
        return MASK if said.layer.secret else self.redactor.mask_all(said.value)

    def source(self, said: Said) -> str:
        """Name who said it, with the object, the URL or the commit."""
        about = [said.layer.about] if said.layer.about else []
        if commit := self.commit(said):
            about.append(f"commit {commit[:12]}")
        return f"{said.layer.name} ({', '.join(about)})" if about else said.layer.name

    def commit(self, said: Said) -> str:
        """Return the commit that it came with; empty where it came from no git repository."""
        return self.chart.commit if said.layer.in_chart else ""


def written(traced: Sequence[Traced], how: Shown, output: str) -> str:
    """Return the values as text, in the form asked for: table, yaml or json."""
    return FORMS[output](traced, how)


def _as_table(traced: Sequence[Traced], how: Shown) -> str:
    rows = [HEADS, *(_row(one, how) for one in traced)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = (
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _row(one: Traced, how: Shown) -> tuple[str, ...]:
    below = ", ".join(f"{_cell(how.value(said))} of {how.source(said)}" for said in one.overrode)
    value = REMOVED if one.removed else _cell(how.value(one.said))
    return shown(one.path), value, how.source(one.said), below


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) and value.isprintable() and value else _flow(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_json(traced: Sequence[Traced], how: Shown) -> str:
    listed = [_entry(one, how) for one in traced]
    return json.dumps(listed, ensure_ascii=False, indent=2) + "\n"


def _entry(one: Traced, how: Shown) -> dict[str, Any]:
    entry = {"path": shown(one.path), **_said(one.said, how)}
    if one.removed:
        entry["removed"] = True
    return entry | {"overrode": [_said(said, how) for said in one.overrode]}


def _said(said: Said, how: Shown) -> dict[str, Any]:
    told = {"value": how.value(said), "source": said.layer.name}
    if said.layer.about:
        told["from"] = said.layer.about
    if commit := how.commit(said):
        told["commit"] = commit
    return told


def _as_yaml(traced: Sequence[Traced], how: Shown) -> str:
    tree: dict[str, Any] = {}
    for one in traced:
        *above, last = (str(step) for step in one.path)
        place = tree
        for step in above:
            place = place.setdefault(step, {})
        place[last] = one
    return "".join(f"{line}\n" for line in _lines(tree, how, "")) or "{}\n"


def _lines(tree: Mapping[str, Any], how: Shown, indent: str) -> Iterator[str]:
    for key, inner in tree.items():
        name = f"{indent}{_scalar(key)}:"
        if isinstance(inner, Traced):
            yield from _leaf(name, inner, how, indent)
        else:
            yield name
            yield from _lines(inner, how, f"{indent}  ")


def _leaf(name: str, one: Traced, how: Shown, indent: str) -> Iterator[str]:
    """Write a value with who set it at the end of its line; a list below the line."""
    value, comment = how.value(one.said), f"  # {_comment(one, how)}"
    if not isinstance(value, list) or not value:
        yield f"{name} {_scalar(value)}{comment}"
        return
    yield f"{name}{comment}"
    yield from (f"{indent}{line}" for line in _dumped(value).split("\n"))


def _comment(one: Traced, how: Shown) -> str:
    verb = "removed by " if one.removed else ""
    below = [f"{_cell(how.value(said))} of {how.source(said)}" for said in one.overrode]
    over = f", over {', '.join(below)}" if below else ""
    return " ".join(f"{verb}{how.source(one.said)}{over}".split())


def _scalar(value: Any) -> str:
    """Write a value on one line: as plain as may be, else in double quotes."""
    plain = "{}" if value == {} else _dumped(value).removesuffix("\n...")
    return _dumped(value, default_style='"') if "\n" in plain else plain


def _dumped(value: Any, **style: Any) -> str:
    """Write YAML; what cannot be seen is escaped."""
    text = ""
    for readable in (True, False):
        text = yaml.dump(
            value,
            Dumper=yaml.SafeDumper,
            allow_unicode=readable,
            sort_keys=False,
            width=10**9,
            **style,
        ).removesuffix("\n")
        if text.replace("\n", "").isprintable():
            break
    return text


FORMS: Final[Mapping[str, Callable[[Sequence[Traced], Shown], str]]] = {
    "table": _as_table,
    "yaml": _as_yaml,
    "json": _as_json,
}
