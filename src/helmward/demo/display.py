"""What the demo's audience sees: one line an event, with the time since the start.

Called by the story and the narrator. On a terminal a last line, redrawn, says
what is being waited for; elsewhere there are plain lines only.
"""

import asyncio
import os
import shutil
import sys
import time
from types import TracebackType
from typing import Final, Self, TextIO

MARKS: Final = {"do": ("▸", "36"), "done": ("✓", "32"), "bad": ("✗", "31"), "note": (" ", "2")}
_PLAIN: Final = {"do": ">", "done": "+", "bad": "x", "note": " "}
_TURNS: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BEAT: Final = 0.1
_SUBJECT: Final = 18
_MARGIN: Final = 12


class Display:
    """Writes the story to a stream; `async with` keeps the last line alive."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._started = time.monotonic()
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colours = self._live and "NO_COLOR" not in os.environ
        self._unicode = "utf" in (self._stream.encoding or "").lower()
        self._waiting = ""
        self._since = self._started
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to redraw the last line, on a terminal."""
        if self._live and self._unicode:
            self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal with whole lines only."""
        if self._beating:
            self._beating.cancel()
        self.wait_for("")

    def title(self, text: str) -> None:
        """Write a heading."""
        self._write(f"\n{self._paint(text, '1')}\n")

    def say(self, mark: str, subject: str, text: str) -> None:
        """Write one event: when, what kind, about what, and what became of it."""
        sign, colour = MARKS[mark]
        sign = self._paint(sign if self._unicode else _PLAIN[mark], colour)
        when = self._paint(f"{self._clock():>8}", "2")
        self._write(f"{when} {sign} {subject:<{_SUBJECT}} {text}")

    def plain(self, text: str = "") -> None:
        """Write a line as it is."""
        self._write(text)

    def wait_for(self, what: str) -> None:
        """Name what is being waited for; nothing takes the last line away."""
        if what != self._waiting:
            self._waiting, self._since = what, time.monotonic()
        self._redraw("")

    def _clock(self) -> str:
        return f"+{time.monotonic() - self._started:.1f}s"

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    def _write(self, text: str) -> None:
        self._redraw("")
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def _redraw(self, line: str) -> None:
        if self._live:
            self._stream.write(f"\r\x1b[K{line}")
            self._stream.flush()

    def _last_line(self, sign: str) -> str:
        """Say what is waited for and since when, no wider than the terminal."""
        lasting = f" ({time.monotonic() - self._since:.0f}s)"
        room = shutil.get_terminal_size().columns - len(lasting) - _MARGIN
        text = self._paint(f"{self._waiting[: max(room, 0)]}{lasting}", "2")
        return f"{'':>8} {self._paint(sign, '36')} {text}"

    async def _beat(self) -> None:
        turn = 0
        while True:
            if self._waiting:
                turn += 1
                self._redraw(self._last_line(_TURNS[turn % len(_TURNS)]))
            await asyncio.sleep(_BEAT)
