"""How logs look: one line an event, for people on a terminal, JSON otherwise.

Called once, before the first event. Every event carries `ts`, `level` and
`event`; the rest (component, release, namespace, resource) comes from whoever
logs. What came from a Secret never reaches a log, nor do passwords inside URLs,
whoever wrote them.
"""

import logging
import re
import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from helmward.redaction import REDACTOR

_USERINFO: Final = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/:@\"'<>]*):(?!\d+(?:[/?#\s]|$))"
    r"[^\s\"'<>]*@",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"(?P<scheme>\bhttps?://)[^\s/:@\"'<>]+@", re.IGNORECASE)
OURS: Final = ("ts", "level")
"""Words that come from nowhere else, and by which programs sort lines."""
LEADING: Final = ("ts", "level", "component", "event")
_COLOURS: Final = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "31;1"}


def configure(log_format: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Set structlog and the standard library's logging up, to standard error.

    `auto` is `fmt` on a terminal and `json` elsewhere.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    human = log_format == "fmt" or (log_format == "auto" and terminal)
    structlog.configure(
        processors=[*_shared(human=human), _renderer(human=human, colours=terminal)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: _Logger(stream, *names),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Bridge()], level=level.upper(), force=True)


class _Logger(structlog.WriteLogger):
    """Writes lines; remembers which room asked for it: `gitops` of `helmward.gitops.report`."""

    def __init__(self, stream: TextIO, name: str = "") -> None:
        super().__init__(stream)
        room = name.removeprefix("helmward.")
        self.component = name if room == name else room.partition(".")[0]


def name_component(logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Say which part of Helmward speaks, where the event does not say so itself."""
    component = event.pop("component", "") or getattr(logger, "component", "")
    return {"component": component, **event} if component else event


def redacted(text: str) -> str:
    """Return the text without what is known to be secret, and without passwords in URLs."""
    known = REDACTOR.mask(text)
    return _TOKEN.sub(r"\g<scheme>***@", _USERINFO.sub(r"\g<scheme>\g<user>:***@", known))


def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Keep secrets and passwords in URLs out of an event, however deep they sit."""
    return {key: value if key in OURS else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return REDACTOR.mask_all(value)
    return redacted(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def _shared(*, human: bool) -> list[Processor]:
    """List what happens to each event before it is written."""
    clock = "%H:%M:%S" if human else "iso"
    return [
        structlog.contextvars.merge_contextvars,
        name_component,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt=clock, utc=not human, key="ts"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
        lead,
    ]


def lead(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Put first what every event has: lines are read from the left."""
    return {key: event[key] for key in LEADING if key in event} | dict(event)


def _renderer(*, human: bool, colours: bool) -> Processor:
    if not human:
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return _human(colours=colours)


def _human(*, colours: bool) -> Callable[[WrappedLogger, str, EventDict], str]:
    """Render `12:34:56 info  release installed  release=shop/web revision=1`."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colours else text

    def render(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
        ts, level = event.pop("ts"), event.pop("level")
        said, trace = _one_line(event.pop("event", "")), event.pop("exception", "")
        context = " ".join(f"{paint(key, '2')}={_quoted(value)}" for key, value in event.items())
        line = f"{paint(ts, '2')} {paint(f'{level:<7}', _COLOURS.get(level, '0'))} {said:<36}"
        return f"{line} {context}".rstrip() + (f"\n{trace}" if trace else "")

    return render


def _one_line(value: object) -> str:
    return str(value).replace("\r", "").replace("\n", "\\n")


def _quoted(value: object) -> str:
    """Write the value, in quotes where it would run into its neighbours."""
    text = _one_line(value)
    return f'"{text}"' if not text or " " in text else text


class _Bridge(logging.Handler):
    """Hands records of the standard library's logging over to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record as an event of the component that its logger names."""
        log = structlog.get_logger().bind(component=record.name)
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info or None)
