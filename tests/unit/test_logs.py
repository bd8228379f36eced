"""One line an event; people, programs and secrets each get theirs."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from helmward.logs import configure, redacted
from helmward.redaction import REDACTOR


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_programs_get_json_with_the_fixed_keys() -> None:
    stream = io.StringIO()
    configure("auto", "info", stream)

    structlog.get_logger().info("release installed", release="shop/web", revision=1)

    said = json.loads(stream.getvalue())
    assert said.pop("ts").endswith("Z")
    assert said == {
        "level": "info",
        "event": "release installed",
        "release": "shop/web",
        "revision": 1,
    }


def test_the_room_that_speaks_is_the_component() -> None:
    stream = io.StringIO()
    configure("json", "info", stream)

    structlog.get_logger("helmward.gitops.sync").info("commit found")

    assert json.loads(stream.getvalue())["component"] == "gitops"


def test_people_on_a_terminal_get_colours() -> None:
    stream = Terminal()
    configure("auto", "info", stream)

    structlog.get_logger().info("release installed", release="shop/web")

    assert "\x1b[" in stream.getvalue()
    assert "release installed" in stream.getvalue()


def test_fmt_in_a_file_is_for_people_but_plain() -> None:
    stream = io.StringIO()
    configure("fmt", "info", stream)

    structlog.get_logger().warning("no answer", why="went away", release="shop/web")

    assert "warning" in stream.getvalue()
    assert 'why="went away" release=shop/web' in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["fmt", "json"])
def test_an_event_is_one_line(log_format: str) -> None:
    """Helm's and git's messages come with line breaks."""
    stream = io.StringIO()
    configure(log_format, "info", stream)

    structlog.get_logger().info("refused\nby the server", cause="a\nb")

    assert stream.getvalue().count("\n") == 1


def test_less_important_events_are_left_out() -> None:
    stream = io.StringIO()
    configure("fmt", "warning", stream)

    structlog.get_logger().info("quiet")
    logging.getLogger("asyncio").info("quiet as well")

    assert stream.getvalue() == ""


def test_the_standard_librarys_logging_joins_in() -> None:
    stream = io.StringIO()
    configure("json", "info", stream)

    logging.getLogger("aiohttp.server").error("cannot serve %s", "x")

    said = json.loads(stream.getvalue())
    assert said["event"] == "cannot serve x"
    assert said["component"] == "aiohttp.server"
    assert said["level"] == "error"


def test_an_error_comes_with_its_traceback() -> None:
    stream = io.StringIO()
    configure("json", "info", stream)

    try:
        int("https://me:secret@git.example")
    except ValueError:
        structlog.get_logger().exception("a turn failed")

    assert "https://me:***@git.example" in json.loads(stream.getvalue())["exception"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://user:pw@git.example/x", "https://user:***@git.example/x"),
        ("clone of https://user:p@w@git.example", "clone of https://user:***@git.example"),
        ("https://user:pa/ss@git.example", "https://user:***@git.example"),
        ("https://ghp_token@git.example/x", "https://***@git.example/x"),
        ("oci://me:pw@registry.example", "oci://me:***@registry.example"),
        ("ssh://git@git.example/x", "ssh://git@git.example/x"),
        ("https://git.example:8443/a@b", "https://git.example:8443/a@b"),
        ("http://127.0.0.1:80 and a@b", "http://127.0.0.1:80 and a@b"),
        ("'https://u:p@h','x@y'", "'https://u:***@h','x@y'"),
        ("https://u:p@h https://v:q@i", "https://u:***@h https://v:***@i"),
        ("git@github.com:shop/web.git", "git@github.com:shop/web.git"),
    ],
)
def test_passwords_in_urls_are_struck_out(text: str, clean: str) -> None:
    assert redacted(text) == clean


def test_secrets_are_struck_out_however_deep_they_sit() -> None:
    stream = io.StringIO()
    configure("json", "info", stream)

    structlog.get_logger().info(
        "sync",
        git={"urls": ["https://u:secret1@h"]},
        error=OSError("no https://u:secret2@h"),
    )
    logging.getLogger("x").warning("get %s", "https://u:secret3@h")

    assert "secret" not in stream.getvalue()
    assert stream.getvalue().count("***") == 3


@pytest.fixture
def _hunter2_and_others() -> Iterator[None]:
    """Some Secret also holds words that every line has."""
    REDACTOR.learn("test", ["hunter2", "31337000", "info", "event", 'a "b" c'])
    yield
    REDACTOR.forget("test")


@pytest.mark.usefixtures("_hunter2_and_others")
@pytest.mark.parametrize("log_format", ["fmt", "json"])
def test_what_came_from_a_secret_is_in_no_line(log_format: str) -> None:
    """Neither in words nor deep in a structure, an error, a traceback or a library's log."""
    stream = io.StringIO()
    configure(log_format, "info", stream)
    log = structlog.get_logger("helmward.app").bind(bound="hunter2")

    log.info("is hunter2", deep={"hunter2": [("hunter2", 31337000)]}, raw=b"hunter2")
    log.warning("quoted", error=OSError('a "b" c'), said=r"a \"b\" c", encoded="aHVudGVyMg==")
    logging.getLogger("aiohttp").error("library says %s", "hunter2", exc_info=OSError("hunter2"))
    try:
        raise ValueError("hunter2") from OSError("hunter2")  # noqa: TRY301
    except ValueError:
        log.exception("a turn failed")

    said = stream.getvalue()
    assert "Traceback" in said
    assert said.count("***") >= 12
    for secret in ("hunter2", "31337000", '"b"', "aHVudGVyMg"):
        assert secret not in said


@pytest.mark.usefixtures("_hunter2_and_others")
def test_the_words_that_sort_a_line_stay() -> None:
    """Even when a Secret holds the word `info`."""
    stream = io.StringIO()
    configure("json", "info", stream)
    structlog.get_logger().info("info")

    said = json.loads(stream.getvalue())
    assert (said["level"], said["event"]) == ("info", "***")
    assert said["ts"].endswith("Z")


def test_a_json_line_begins_with_what_every_event_has() -> None:
    """Lines are read from the left, and cut at the right."""
    stream = io.StringIO()
    configure("json", stream=stream)
    structlog.get_logger("helmward.app").info("ready", port=1)
    assert list(json.loads(stream.getvalue())) == ["ts", "level", "component", "event", "port"]
