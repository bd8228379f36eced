"""Stacks as a flame graph in SVG: the outermost function below, width is time. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Final
from zlib import crc32

from bench.stacks import Stack

WIDTH: Final = 1400
ROW: Final = 17
LETTER: Final = 6.6
NARROWEST: Final = 0.8
"""Pixels; what is narrower is left out."""
STYLE: Final = "text { font: 11px monospace; fill: #1f2328; } rect { stroke: #fff; }"


@dataclass(slots=True)
class Node:
    """One function where it was called, and what it called."""

    weight: int = 0
    calls: dict[str, "Node"] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """How many rows it takes."""
        return 1 + max((call.height for call in self.calls.values()), default=0)


def graph(stacks: Counter[Stack], title: str) -> str:
    """Draw all stacks; a function's share stands in its tool tip."""
    root = tree(stacks)
    height = (root.height + 2) * ROW
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#f6f8fa"/>',
            f'<text x="8" y="13">{escape(title)}</text>',
            *_drawn("all", root, root.weight or 1, 0.0, height - ROW),
            "</svg>\n",
        ]
    )


def tree(stacks: Counter[Stack]) -> Node:
    """Put stacks that begin alike together."""
    root = Node()
    for stack, count in stacks.items():
        node = root
        node.weight += count
        for function in stack:
            node = node.calls.setdefault(function, Node())
            node.weight += count
    return root


def _drawn(function: str, node: Node, total: int, x: float, y: int) -> Iterable[str]:
    width = WIDTH * node.weight / total
    if width < NARROWEST:
        return
    share = f"{function}: {node.weight / total:.1%}"
    where = f'x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}"'
    yield f'<g><title>{escape(share)}</title><rect {where} fill="{_colour(function)}"/>'
    if letters := int((width - 4) / LETTER):
        yield f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(short(function)[:letters])}</text>'
    yield "</g>"
    for name, call in sorted(node.calls.items()):
        yield from _drawn(name, call, total, x, y - ROW)
        x += WIDTH * call.weight / total


def short(function: str) -> str:
    """Return a function without the path of its Go package; Python's names have none."""
    name, space, rest = function.partition(" ")
    return name.rpartition("/")[2] + space + rest


def _colour(function: str) -> str:
    """Return a warm colour, always the same for the same function."""
    seed = crc32(function.encode())
    return f"hsl({20 + seed % 35} 85% {62 + seed // 64 % 16}%)"
