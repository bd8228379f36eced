"""Where each value of a HelmRelease comes from, and what it lies over; pure.

Called by `helmward values`, with the layers that `compose` has kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from helmward.values.layers import CHART, Layer
from helmward.values.merge import Path, merge

_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Said:
    """What one layer says of a place."""

    layer: Layer
    value: Any


@dataclass(frozen=True, slots=True)
class Traced:
    """One value, who set it, and what it lies over, the nearest first."""

    path: Path
    said: Said
    overrode: tuple[Said, ...] = ()

    @property
    def removed(self) -> bool:
        """Whether a null takes what is below it away."""
        return self.said.value is None and self.said.layer.name != CHART


def trace(layers: Sequence[Layer]) -> list[Traced]:
    """Return every value that Helm is left with, in the order of their paths.

    Layers come the lowest first, that of the chart, if there is one, before
    all. A `null` of another layer is told as well: it removes what is below.
    """
    final = final_values(layers, keep_nulls=True)
    given = _given(layers)
    found = (_traced(path, layers, _exactly(given, path)) for path in _ends(final))
    return sorted(found, key=lambda one: _order(one.path))


def final_values(layers: Sequence[Layer], *, keep_nulls: bool = False) -> dict[str, Any]:
    """Return what Helm is left with: what it is given, laid over the chart's own values.

    A `null` then takes the chart's default away; `keep_nulls` leaves it in its place.
    """
    chart = next((one.values for one in layers if one.name == CHART), {})
    return _coalesced(chart, _given(layers), keep_nulls=keep_nulls)


def _given(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return what Helm is given: every layer but that of the chart."""
    values: dict[str, Any] = {}
    for layer in layers:
        if layer.name != CHART:
            values = merge(values, layer.values)
    return values


def _coalesced(
    chart: Mapping[str, Any], values: Mapping[str, Any], *, keep_nulls: bool
) -> dict[str, Any]:
    """Lay values over the chart's own, as Helm does when it renders."""
    found = dict(chart)
    for key, value in values.items():
        below = chart.get(key)
        if value is None and key in chart and not keep_nulls:
            del found[key]
        elif isinstance(value, dict) and isinstance(below, dict):
            found[key] = _coalesced(below, value, keep_nulls=keep_nulls)
        else:
            found[key] = value
    return found


def _ends(document: Any, at: Path = ()) -> Iterator[Path]:
    """Yield where a value stands that has no keys in it; an empty mapping is one."""
    if not isinstance(document, dict) or (at and not document):
        yield at
        return
    for key, value in document.items():
        yield from _ends(value, (*at, key))


def _traced(path: Path, layers: Sequence[Layer], given: Any) -> Traced:
    """Tell of one value: it is the chart's where Helm is given none.

    A null, or a text, that stood in the way of a lower layer and was itself
    covered by a mapping has removed that layer's value; not the chart's.
    """
    number = max(
        number
        for number, layer in enumerate(layers)
        if (given is not _NOTHING or layer.name == CHART)
        and _exactly(layer.values, path) is not _NOTHING
    )
    layer = layers[number]
    below = [
        Said(one, value)
        for one in reversed(layers[:number])
        if (value := _at(one.values, path)) is not _NOTHING
    ]
    return Traced(path, Said(layer, _exactly(layer.values, path)), tuple(below))


def _exactly(values: Any, path: Path) -> Any:
    """Return what stands at a path, and nothing where it does not lead there."""
    for step in path:
        if not isinstance(values, dict) or step not in values:
            return _NOTHING
        values = values[step]
    return values


def _at(values: Any, path: Path) -> Any:
    """Return what stands at a path, or in place of what the path leads through."""
    for step in path:
        if not isinstance(values, dict):
            return values
        if step not in values:
            return _NOTHING
        values = values[step]
    return values


def _order(path: Path) -> tuple[tuple[bool, str], ...]:
    return tuple((isinstance(step, int), str(step)) for step in path)
