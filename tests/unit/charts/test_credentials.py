"""What a Secret says of how a repository is asked, and what is wrong with one."""

import base64
import json

import pytest

from helmward.charts.credentials import access_of, secrets_of
from helmward.errors import SpecInvalid
from helmward.model import Access
from helmward.redaction import Redactor

PEM = b"-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"
KEY = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWJvZHk=\n-----END PRIVATE KEY-----\n"
AUTHS = {"registry.example.com": {"auth": base64.b64encode(b"bob:hunter22").decode()}}
NEW_FORM = json.dumps({"auths": AUTHS}).encode()
OLD_FORM = json.dumps(AUTHS).encode()
LOGIN = {"username": b"bob", "password": b"hunter22"}

GOOD: list[tuple[str, dict[str, bytes], Access]] = [
    ("basic auth", LOGIN, Access("bob", "hunter22")),
    (
        "a line break of an editor",
        {"username": b"bob\n", "password": b"hunter22\r\n"},
        Access("bob", "hunter22"),
    ),
    ("token", {"token": b"t0ken"}, Access(token="t0ken")),
    ("Flux's token", {"bearerToken": b"t0ken"}, Access(token="t0ken")),
    ("registries", {".dockerconfigjson": NEW_FORM}, Access(docker_config=NEW_FORM)),
    ("registries of old", {".dockercfg": OLD_FORM}, Access(docker_config=NEW_FORM)),
    (
        "kubernetes.io/tls",
        {"tls.crt": PEM, "tls.key": KEY, "ca.crt": PEM},
        Access(ca=PEM, certificate=PEM, key=KEY),
    ),
    (
        "Flux's names",
        {"certFile": PEM, "keyFile": KEY, "caFile": PEM},
        Access(ca=PEM, certificate=PEM, key=KEY),
    ),
    ("a CA alone", {"ca.crt": PEM}, Access(ca=PEM)),
    (
        "options",
        {"insecureSkipTLSVerify": b"true", "plainHTTP": b"True", "passCredentials": b"false\n"},
        Access(skip_tls_verify=True, plain_http=True),
    ),
    ("what is not ours", {**LOGIN, "note": b"\xff"}, Access("bob", "hunter22")),
    ("empty entries", {**LOGIN, "token": b"", "ca.crt": b""}, Access("bob", "hunter22")),
]


@pytest.mark.parametrize(("entries", "access"), [row[1:] for row in GOOD], ids=[r[0] for r in GOOD])
def test_what_a_secret_says(entries: dict[str, bytes], access: Access) -> None:
    assert access_of(entries, "shop/login") == access


BAD: list[tuple[dict[str, bytes], str]] = [
    ({}, "holds no credentials"),
    ({"values.yaml": b"a: hunter22"}, "holds no credentials"),
    ({"username": b"bob"}, "holds username but no password: add password"),
    ({"password": b"hunter22"}, "holds password but no username"),
    ({"tls.crt": PEM}, "holds tls.crt but no tls.key"),
    ({"keyFile": KEY}, "holds keyFile but no tls.crt"),
    ({"tls.crt": b"hunter22", "tls.key": KEY}, "holds no certificate in PEM under tls.crt"),
    ({"tls.crt": PEM, "tls.key": PEM}, "holds no private key in PEM under tls.key"),
    ({"ca.crt": KEY}, "holds no certificate in PEM under ca.crt"),
    ({**LOGIN, "token": b"hunter22"}, "holds both username and token"),
    ({"username": b"b:ob", "password": b"hunter22"}, 'has a ":" under username'),
    ({"username": b"bob", "password": b"\xffhunter22"}, "holds no text under password"),
    ({"token": b"hunter22\nhunter22"}, "has a line break or the like under token"),
    ({".dockerconfigjson": b"{hunter22"}, "holds no JSON under .dockerconfigjson"),
    ({".dockerconfigjson": b'["hunter22"]'}, "names no registries under .dockerconfigjson"),
    ({".dockerconfigjson": b'{"auths": {"a": "hunter22"}}'}, "names no registries"),
    ({"plainHTTP": b"hunter22"}, "says neither true nor false under plainHTTP"),
]


@pytest.mark.parametrize(("entries", "words"), BAD)
def test_what_is_wrong_names_field_secret_and_key_and_never_a_value(
    entries: dict[str, bytes], words: str
) -> None:
    with pytest.raises(SpecInvalid) as caught:
        access_of(entries, "shop/login")
    assert str(caught.value).startswith(f"spec.chart.chartPullSecret: Secret shop/login {words}")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (LOGIN, "hunter22"),
        ({"token": b"t0ken-of-mine"}, "t0ken-of-mine"),
        ({".dockerconfigjson": NEW_FORM}, "hunter22"),
        ({".dockercfg": OLD_FORM}, AUTHS["registry.example.com"]["auth"]),
        ({"tls.crt": PEM, "tls.key": KEY}, "c2VjcmV0LWJvZHk="),
    ],
)
def test_what_nobody_may_see_is_masked(entries: dict[str, bytes], text: str) -> None:
    redactor = Redactor()
    redactor.learn("shop/cart", secrets_of(access_of(entries, "shop/login")))
    assert text not in redactor.mask(f"the server said: {text} is wrong")


def test_an_access_shows_nothing_secret_when_printed() -> None:
    access = access_of({**LOGIN, "tls.crt": PEM, "tls.key": KEY}, "shop/login")
    assert "hunter22" not in repr(access)
    assert "c2VjcmV0" not in repr(access)
