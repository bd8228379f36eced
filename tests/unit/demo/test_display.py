"""Plain lines in a file, a living last line on a terminal."""

import io

import pytest

from helmward.demo.display import Display
from tests.support.wait import until


class Terminal(io.TextIOWrapper):
    """A UTF-8 stream that says it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


async def test_a_file_gets_whole_plain_lines() -> None:
    stream = io.StringIO()
    async with Display(stream) as display:
        display.wait_for("the control plane")
        display.say("done", "shop/cart", "Ready")

    assert stream.getvalue() == "   +0.0s + shop/cart          Ready\n"


async def test_a_terminal_sees_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    async with Display(stream) as display:
        display.wait_for("the control plane")
        await until(lambda: "the control plane (0s)" in stream.text())
        display.say("done", "shop/cart", "Ready")

    assert "✓" in stream.text()
    assert stream.text().endswith("\r\x1b[K")


async def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    async with Display(stream) as display:
        display.say("bad", "shop/cart", "no such chart")

    assert "\x1b[31m" not in stream.text()


async def test_the_last_line_stays_within_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line that wraps could not be taken away again."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    async with Display(stream) as display:
        display.wait_for("x" * 100)
        await until(lambda: "(0s)" in stream.text())

    drawn = stream.text().split("\r\x1b[K")
    assert max(map(len, drawn)) < 40
