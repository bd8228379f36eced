"""What came from a Secret is masked in whatever way it is written, and nothing else is."""

import base64
import json
import re
import string
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from helmward.redaction import MASK, MIN_LENGTH, Redactor, forms, secrets_of, secrets_of_text
from helmward.redaction.forms import is_masked
from helmward.redaction.redactor import KEEP


def a_redactor(*secrets: str) -> Redactor:
    redactor = Redactor()
    redactor.learn("shop/cart", secrets)
    return redactor


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def yaml_of(text: str, style: str, *, unicode: bool = True) -> str:
    written: str = yaml.dump(text, default_style=style, width=10**9, allow_unicode=unicode)
    return written


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "base64": base64_of,
    "base64 without padding": lambda text: base64_of(text).rstrip("="),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "in a URL": lambda text: quote(text, safe=""),
    "in a path": quote,
    "in a query": quote_plus,
    "in a URL, small letters": lambda text: re.sub(
        "%..", lambda code: code.group().lower(), quote(text)
    ),
    "JSON": json.dumps,
    "JSON with every letter": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(
        json.dumps(text, ensure_ascii=False), ensure_ascii=False
    ),
    "YAML, single quotes": lambda text: "'" + text.replace("'", "''") + "'",
    "YAML, double quotes": lambda text: yaml_of(text, '"'),
    "YAML, double quotes, ASCII": lambda text: yaml_of(text, '"', unicode=False),
    "Python": repr,
}
SECRETS = st.text(min_size=MIN_LENGTH, max_size=40).filter(is_masked).map(str.strip)
TEXTS = st.text(max_size=30)


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
@given(SECRETS, TEXTS, TEXTS)
def test_no_way_of_writing_gives_a_secret_away(
    write: Callable[[str], str], secret: str, before: str, after: str
) -> None:
    """Whatever stands around it."""
    written = write(secret)
    masked = a_redactor(secret).mask(before + written + after)

    assert MASK in masked
    assert not [form for form in forms(secret) if form in masked]


@given(st.lists(SECRETS, max_size=6), st.data())
def test_nothing_learned_is_ever_left(secrets: list[str], data: st.DataObject) -> None:
    """Also where secrets overlap, contain one another or consist of stars; once is enough."""
    redactor = a_redactor(*secrets)
    written = [form for secret in secrets for form in forms(secret)]
    pieces = st.sampled_from(written) if written else TEXTS
    text = "".join(data.draw(st.lists(pieces | TEXTS, max_size=8)))
    masked = redactor.mask(text)

    assert not [form for form in written if form in masked]
    assert redactor.mask(masked) == masked


@given(st.lists(st.text("ab*", min_size=4, max_size=7), max_size=5), st.text("ab*", max_size=40))
def test_secrets_made_of_stars_are_masked_too(secrets: list[str], text: str) -> None:
    """A mask beside what is left may look like one of them."""
    redactor = a_redactor(*secrets)
    masked = redactor.mask(text)

    assert not [secret for secret in secrets if secret in masked]
    assert redactor.mask(masked) == masked


def test_a_mask_beside_what_is_left_is_no_secret_either() -> None:
    redactor = a_redactor("hunter2", "a***", "b***")

    assert redactor.mask("x ahunter2") == "x ***"
    assert redactor.mask("bbbbbbbbb" + "hunter2") == MASK


@given(st.lists(SECRETS, max_size=4), TEXTS)
def test_a_text_without_secrets_stays_as_it_is(secrets: list[str], text: str) -> None:
    assume(not [form for secret in secrets for form in forms(secret) if form in text])

    assert a_redactor(*secrets).mask(text) == text


OTHER_LANGUAGES = [
    ('a"b\\c\td', r"a\"b\\c\td", "Go's %q"),
    ("a\x01b\x7fcd", r"a\x01b\x7fcd", "Go's %q"),
    ("abc\u200bd", r"abc\u200bd", "Go's %q"),
    ("abc\U000e0001d", r"abc\U000e0001d", "Go's %q"),
    ("<a>&<b>", r"\u003ca\u003e\u0026\u003cb\u003e", "Go's JSON"),
    ('{"a":"b<c"}', r"{\"a\":\"b\u003cc\"}", "Go's JSON"),
    ('{"a":"b"}', r"{\\\"a\\\":\\\"b\\\"}", "Go's %q of JSON"),
    ("p@ss:w/d", "p%40ss%3Aw%2Fd", "a URL's password"),
    ("p@ss/w=d", "p%40ss%2fw=d", "a URL's password, small letters"),
    ("two  spaces", "two spaces", "a message on one line"),
    ("trailing\n", "trailing", "a file's last line"),
    ("trailing\n", "dHJhaWxpbmcK", "base64 of a file"),
    ("trailing\n", "dHJhaWxpbmc=", "base64 of the trimmed text"),
]


@pytest.mark.parametrize(("secret", "written", "_by"), OTHER_LANGUAGES)
def test_other_programs_quote_in_their_own_ways(secret: str, written: str, _by: str) -> None:
    assert a_redactor(secret).mask(f'say "{written}"!') == 'say "***"!'


@given(st.text(string.ascii_letters, min_size=8, max_size=30), TEXTS, TEXTS)
def test_base64_of_a_longer_text_does_not_show_the_secret(
    secret: str, before: str, after: str
) -> None:
    """A chart writes a URL with the password in it into a Secret."""
    encoded = base64_of(before + secret + after)
    masked = a_redactor(secret).mask(encoded)

    assert MASK in masked
    for shift in range(4):
        part = max(masked.split(MASK), key=len)[shift:]
        decoded = base64.b64decode(part[: len(part) // 4 * 4])
        assert secret.encode() not in decoded


@pytest.mark.parametrize("secret", ["s3cr3t-Pl4nted-w0rd", "l0ng-" * 40])
def test_a_secret_that_was_cut_in_two_is_masked(secret: str) -> None:
    """Messages are cut where they are too long, by programs that know no secrets."""
    redactor = Redactor()
    redactor.learn("one", [secret])
    for kept in range(4, len(secret)):
        masked = redactor.mask(f"the end of {secret[:kept]}… (attempt 2)")
        assert secret[:kept] not in masked
        assert masked == "the end of ***… (attempt 2)"


def test_what_is_cut_elsewhere_stays() -> None:
    redactor = Redactor()
    redactor.learn("one", ["s3cr3t-Pl4nted-w0rd"])
    assert redactor.mask("the rest was cut…") == "the rest was cut…"


def test_a_secret_whose_spaces_were_joined_is_masked() -> None:
    redactor = Redactor()
    redactor.learn("one", ["two  w0rds\tand more"])
    assert redactor.mask("say two w0rds and more now") == "say *** now"


def test_each_line_of_a_key_is_masked() -> None:
    """Messages quote single lines; lines too short to tell anything stay."""
    key = "-----BEGIN KEY-----\n  MIIEvQIBADANBg==\nabc\ntrue\n-----END KEY-----\n"
    redactor = a_redactor(key)

    assert redactor.mask("line 2: MIIEvQIBADANBg==!") == "line 2: ***!"
    assert redactor.mask("abc is true") == "abc is true"
    assert redactor.mask(json.dumps(key)) == '"***\\n"'


@pytest.mark.parametrize("secret", ["", "abc", " ab\n", "true", "False", "NULL", "none", "    "])
def test_short_and_trivial_strings_are_not_masked(secret: str) -> None:
    """They would strike out parts of ordinary words, and tell nothing."""
    assert forms(secret) == frozenset()
    assert a_redactor(secret).mask(f"a{secret}b") == f"a{secret}b"


def test_a_secret_inside_another_is_masked_with_it() -> None:
    redactor = a_redactor("hunter2", "hunter2-and-more", "more-yet")

    assert redactor.mask("a hunter2-and-more-yet b") == "a *** b"
    assert redactor.mask("hunter2 hunter2hunter2") == "*** ***"


def test_a_secret_of_two_owners_is_masked_until_both_forgot_it() -> None:
    redactor = Redactor()
    redactor.learn("a", ["hunter2", "only-a"])
    redactor.learn("b", ["hunter2"])
    redactor.learn("b", ["hunter2"])

    redactor.forget("a")
    assert redactor.mask("hunter2 only-a") == "*** only-a"
    redactor.forget("b")
    redactor.forget("nobody")
    assert redactor.mask("hunter2 only-a") == "hunter2 only-a"
    assert not any(vars(redactor._index).values())


def test_an_owners_former_secrets_stay_known_for_a_while() -> None:
    """The revision before was made with them."""
    redactor = Redactor()
    for number in range(KEEP + 2):
        redactor.learn("a", [f"password-{number:02}"])
    redactor.learn("a", ["password-05"])
    redactor.learn("a", [])

    masked = {n for n in range(KEEP + 2) if redactor.mask(f"password-{n:02}") == MASK}
    assert masked == set(range(2, KEEP + 2))


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.none() | st.frozensets(st.sampled_from(["one1", "two2", "one1two2"]), min_size=1),
        )
    )
)
def test_what_is_masked_is_what_owners_know(
    steps: list[tuple[str, frozenset[str] | None]],
) -> None:
    """However often they learn and forget."""
    redactor, known = Redactor(), dict[str, set[str]]()
    for owner, secrets in steps[:KEEP]:
        if secrets is None:
            redactor.forget(owner)
            known.pop(owner, None)
        else:
            redactor.learn(owner, secrets)
            known.setdefault(owner, set()).update(secrets)

    for secret in ("one1", "two2"):
        shown = any(secret in one for one in known.values())
        assert redactor.mask(f"({secret})") == ("(***)" if shown else f"({secret})")


def test_structures_are_masked_to_their_last_corner() -> None:
    redactor = a_redactor("hunter2", "12345678")
    event: dict[str, Any] = {
        "hunter2": [{"a": ("hunter2", b"\xffhunter2", 12345678, 12345678.0)}, OSError("hunter2")],
        "same": [None, True, 1, 2.5, "x"],
    }

    assert redactor.mask_all(event) == {
        "***": [{"a": ["***", "\ufffd***", "***", "***.0"]}, "***"],
        "same": [None, True, 1, 2.5, "x"],
    }


def test_masking_is_fast_with_thousands_of_secrets() -> None:
    """Every line of a log passes through it."""
    redactor = Redactor()
    for number in range(5_000):
        redactor.learn(f"owner-{number}", [f"pass-word/{number * 7919:08}+x"])
    line = ("the release shop/cart was upgraded to revision 12 " * 21)[:1024]
    redactor.mask(line)

    def took() -> float:
        started = time.perf_counter()
        redactor.mask(line)
        return time.perf_counter() - started

    assert min(took() for _ in range(20)) < 0.001


def test_secrets_made_to_take_long_mask_the_whole_text() -> None:
    """Who may write a Secret must not be able to stop the operator."""
    redactor = a_redactor(*("a" * length + "b" for length in range(4, 1000)))

    assert redactor.mask("a" * 100_000) == MASK


def test_secrets_are_the_leaves() -> None:
    """Numbers in the ways that Go and Python print them; what tells nothing is left out."""
    value = {"user": "admin", "list": ["x", {"pin": 12345678}], "on": True, "no": None, "n": 5}

    assert secrets_of(value) == {"admin", "x", "12345678", "1.2345678e+07"}
    assert secrets_of(0.00001234) == {"1.234e-05", "0.00001234"}
    assert secrets_of(1e21) == {"1e+21", "1000000000000000000000"}
    assert secrets_of(2**64 - 1) >= {"18446744073709551615", "1.8446744073709552e+19"}
    assert secrets_of({}) == frozenset()


def test_of_a_text_that_cannot_be_read_lines_and_words_are_secret() -> None:
    text = "user: admin\npassword: 'correct horse'\nurl: {x: https://u:secret1@h\n  a\n"

    found = secrets_of_text(text)

    assert {"password: 'correct horse'", "correct horse", "secret1@h", "admin", "a"} <= found
    masked = a_redactor(*found).mask("'correct horse' or secret1@h")
    assert masked == "'***' or ***"
