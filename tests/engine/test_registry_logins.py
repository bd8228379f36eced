"""Who asks a registry, and what is never shown to another host."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helmward.errors import (
    SourceForbidden,
    SourceUnavailable,
    SpecInvalid,
)
from helmward.model import Access
from helmward.settings import EngineSettings
from tests.support.certificates import Authority
from tests.support.engines import Fetching, fetching
from tests.support.registry import (
    Registry,
    chart,
    running_registry,
)
from tests.support.registry_front import Answer, Asked, Front

PLAIN = Access(plain_http=True)
AGES = 3600.0
USER, WORD = "ada", "planted-word"
LOGIN = replace(PLAIN, username=USER, password=WORD)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Registry]:
    """A registry that serves one user alone."""
    with running_registry(tmp_path / "closed", user=USER, password=WORD) as running:
        yield running


# --- Who asks -----------------------------------------------------------------


def docker_config(host: str, **login: str) -> Access:
    return replace(PLAIN, docker_config=json.dumps({"auths": {host: login}}).encode())


ENCODED = base64.b64encode(f"{USER}:{WORD}".encode()).decode()


@pytest.mark.parametrize("name", ["{}", "https://{}", "http://{}/v1/", "{}/charts"])
async def test_a_docker_config_opens_its_registry(
    web: Fetching, closed: Registry, tmp_path: Path, name: str
) -> None:
    closed.push(chart(tmp_path))
    host = name.format(closed.host)
    for login in ({"auth": ENCODED}, {"username": USER, "password": WORD}):
        access = docker_config(host, **login)
        assert (await web.pull(closed.url, "app", "1.0.0", access=access)).version == "1.0.0"


async def test_a_docker_config_for_another_host_is_not_shown(
    web: Fetching, closed: Registry, tmp_path: Path
) -> None:
    closed.push(chart(tmp_path))
    with Front(closed) as front:
        access = docker_config("registry.example.com", auth=ENCODED)
        with pytest.raises(SourceUnavailable, match=r"401.*the credentials are missing"):
            await web.pull(front.url, "app", "1.0.0", access=access)
        assert not [one for one in front.seen if one.authorization]


@pytest.mark.parametrize("document", [b"no json", b'{"auths":{"%s":{"auth":"!"}}}'])
async def test_a_docker_config_that_cannot_be_read_is_refused(
    web: Fetching, document: bytes
) -> None:
    access = replace(PLAIN, docker_config=document.replace(b"%s", b"127.0.0.1:9"))
    with pytest.raises(SpecInvalid, match=r"\.dockerconfigjson of the Secret in chart\.chartPull"):
        await web.pull("oci://127.0.0.1:9/charts", "app", "1.0.0", access=access)


async def test_a_user_opens_a_registry_and_nobody_else_does(
    web: Fetching, closed: Registry, tmp_path: Path
) -> None:
    """What was fetched with credentials is no answer for others, the same chart or not."""
    closed.push(chart(tmp_path))
    assert (await web.pull(closed.url, "app", "1.0.0", access=LOGIN)).version == "1.0.0"
    with pytest.raises(SourceUnavailable, match=r"401.*missing: name a Secret in chart\.chartPull"):
        await web.pull(closed.url, "app", "1.0.0", age=AGES, access=PLAIN)
    wrong = replace(LOGIN, password="planted-otherwise")
    with pytest.raises(SourceUnavailable, match=r"401.*the credentials are wrong"):
        await web.pull(closed.url, "app", "1.0.0", age=AGES, access=wrong)


async def test_http_is_spoken_only_when_asked(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path))
    with pytest.raises(SourceUnavailable, match=r"speaks HTTP.*helmward\.dev/plain-http"):
        await web.pull(registry.url, "app", "1.0.0")


async def test_a_registry_with_a_ca_of_its_own_is_trusted_by_it(
    web: Fetching, tmp_path: Path
) -> None:
    authority = Authority()
    pair, paths = authority.issue(), tuple(tmp_path / name for name in ("ca", "crt", "key"))
    for path, content in zip(paths, (authority.pem, pair.certificate, pair.key), strict=True):
        path.write_bytes(content)
    with running_registry(tmp_path / "tls", tls=(paths[0], paths[1], paths[2])) as registry:
        registry.push(chart(tmp_path))
        with pytest.raises(SourceUnavailable, match="unknown authority: give the CA"):
            await web.pull(registry.url, "app", "1.0.0")
        for access in (Access(ca=authority.pem), Access(skip_tls_verify=True)):
            assert (await web.pull(registry.url, "app", "1.0.0", access=access)).version == "1.0.0"


@pytest.mark.parametrize(
    ("prefix", "fine"),
    [
        ("oci://{}/charts/", True),
        ("oci://{}", True),
        ("http://{}/v2/charts/", True),
        ("oci://{}/other/", False),
        ("https://charts.example.com/", False),
    ],
)
async def test_egress_holds_for_registries_too(
    web: Fetching, registry: Registry, tmp_path: Path, prefix: str, fine: bool
) -> None:
    """A registry is allowed as it is written in a HelmRelease; what is kept is no way around."""
    registry.push(chart(tmp_path))
    kept = await web.pull(registry.url, "app", "1.0.0", access=PLAIN)
    allowed = [prefix.format(registry.host)]
    if fine:
        assert await web.pull(registry.url, access=PLAIN, allowed=allowed) == kept
        return
    for age in (0, AGES):
        with pytest.raises(SourceForbidden, match=r"oci://\S+ is not among .*--allow-url"):
            await web.pull(registry.url, "app", "1.0.0", age=age, access=PLAIN, allowed=allowed)


async def test_a_registry_that_is_allowed_may_be_on_this_machine(tmp_path: Path) -> None:
    """In a cluster nothing of this machine is asked, unless it is named."""
    with running_registry(tmp_path / "registry") as registry:
        registry.push(chart(tmp_path))
        async with fetching(EngineSettings(refuse_local=True)) as web:
            with pytest.raises(SourceForbidden, match="this very machine"):
                await web.pull(registry.url, "app", "1.0.0", access=PLAIN)
            allowed = [f"{registry.url}/"]
            assert await web.pull(registry.url, "app", "1.0.0", access=PLAIN, allowed=allowed)


# --- Tokens -------------------------------------------------------------------


def token_server(registry: str = "", given: str = "given") -> Any:
    """Answer as a registry that wants a token of whoever the realm names."""

    def answer(asked: Asked) -> Answer | None:
        if asked.path.startswith("/token"):
            return Answer(body=json.dumps({"token": given}).encode())
        if asked.authorization == f"Bearer {given}":
            return None
        realm = f"{registry or 'http://' + asked.headers['Host']}/token"
        return Answer(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'})

    return answer


async def test_a_token_is_asked_for_once(web: Fetching, registry: Registry, tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        registry.push(chart(tmp_path, version))
    with Front(registry, token_server()) as front:
        for version in ("1.0.0", "1.1.0"):
            await web.pull(front.url, "app", version, access=LOGIN)
        tokens = [one for one in front.seen if one.path.startswith("/token")]
        assert [one.authorization for one in tokens] == [f"Basic {ENCODED}"]
        assert "scope=repository%3Acharts%2Fapp%3Apull" in tokens[0].path


async def test_a_token_that_is_not_good_any_more_is_asked_for_again(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    for version in ("1.0.0", "1.1.0"):
        registry.push(chart(tmp_path, version))
    with Front(registry, token_server()) as front:
        await web.pull(front.url, "app", "1.0.0", access=LOGIN)
        front.answer = token_server(given="another")
        await web.pull(front.url, "app", "1.1.0", access=LOGIN)
        assert front.count("GET", "/token") == 2


@pytest.mark.parametrize(
    "access",
    [LOGIN, "identity", replace(LOGIN, pass_credentials=True)],
    ids=["password", "identity token", "password that may be passed, but not over http"],
)
async def test_a_registry_cannot_send_a_password_elsewhere(
    web: Fetching, access: Access | str
) -> None:
    """Whoever answers for the registry names who gives out tokens: it may be his own host."""
    with Front(answer=lambda _: Answer(body=b'{"token":"given"}')) as thief:
        with Front(answer=token_server(f"http://localhost:{thief.host[10:]}")) as front:
            if access == "identity":
                access = docker_config(front.host, identitytoken="planted-identity")
            assert isinstance(access, Access)
            with pytest.raises(SourceUnavailable, match="credentials are not sent to another host"):
                await web.pull(front.url, "app", "1.0.0", access=access)
        assert thief.seen == []
    assert not [one for one in front.seen if one.authorization]


async def test_a_redirect_to_another_host_sees_no_password(
    web: Fetching, closed: Registry, tmp_path: Path
) -> None:
    """Registries keep blobs elsewhere, with an address that needs no password."""
    archive = chart(tmp_path)
    closed.push(archive)
    with Front(answer=lambda _: Answer(body=archive.read_bytes())) as blobs:
        to = {"Location": f"http://{blobs.host}/blob?signed=planted"}
        away = lambda asked: Answer(307, headers=to) if "/blobs/" in asked.path else None  # noqa: E731
        with Front(closed, away) as front:
            assert (await web.pull(front.url, "app", "1.0.0", access=LOGIN)).version == "1.0.0"
        assert [one.authorization for one in blobs.seen] == [""]
