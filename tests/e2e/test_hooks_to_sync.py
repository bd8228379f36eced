"""From a hook of whatever git host to the cluster, over a real HTTP git server."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from helmward.settings import GitSettings, RepositorySettings, WebSettings
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git
from tests.support.objects import config_map
from tests.support.operator import running, settings_for
from tests.support.plane import Plane
from tests.support.wait import until
from tests.unit.web.test_hooks import SECRET, headers_of

HOUR = timedelta(hours=1)


@dataclass
class Pushing:
    """A repository that nobody polls, and the port that is told of pushes."""

    repo: GitRepo
    url: str
    port: int
    kube: Kube
    namespace: str

    async def push(self, value: str) -> None:
        self.repo.commit({"one.yaml": config_map("one", value)})

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> int:
        content = json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as client,
            client.post(url, data=content, headers=headers) as answer,
        ):
            return answer.status

    async def hook(self, provider: str, body: Any) -> int:
        headers = headers_of(provider, json.dumps(body).encode())
        return await self.post(f"/api/v1/hooks/{provider}", body, headers)

    async def has(self, value: str) -> bool:
        try:
            found = await self.kube.get(CONFIG_MAPS, "one", self.namespace)
        except NotFound:
            return False
        return bool(found["data"]["a"] == value)

    async def applied(self, value: str) -> None:
        await until(lambda: self.has(value), within=10)


@pytest.fixture
async def pushing(
    plane: Plane, kube: Kube, namespace: str, tmp_path: Path
) -> AsyncIterator[Pushing]:
    repo = GitRepo(tmp_path / "repos" / "shop.git")
    repo.commit({"one.yaml": config_map("one", "first")})
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for provider in ("github", "gitlab", "bitbucket", "gitea"):
        (secrets / provider).write_bytes(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        scheme, _, rest = f"{server.url}/shop.git".partition("://")
        followed = RepositorySettings(
            f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@{rest}",
            namespace,
            poll_interval=HOUR,
            sync_interval=HOUR,
            default_namespace=namespace,
        )
        settings = settings_for(plane.kubeconfig, git=GitSettings((followed,)))
        web = WebSettings(f"127.0.0.1:{port}", hook_secrets=secrets)
        object.__setattr__(settings, "web", web)
        async with running(settings):
            made = Pushing(repo, f"{scheme}://{rest}", port, kube, namespace)
            await made.applied("first")
            yield made


async def test_a_notice_as_fluxd_took_it_has_the_push_applied(pushing: Pushing) -> None:
    await pushing.push("second")
    notice = {"Kind": "git", "Source": {"URL": pushing.url, "Branch": "main"}}
    assert await pushing.post("/api/flux/v11/notify", notice) == 202
    await pushing.applied("second")


async def test_signed_hooks_of_git_hosts_have_pushes_applied(pushing: Pushing) -> None:
    """One after the other, and none is lost for coming soon after another."""
    bodies = {
        "github": {"repository": {"clone_url": pushing.url}},
        "gitlab": {"project": {"git_http_url": pushing.url}},
        "bitbucket": {"repository": {"links": {"clone": [{"href": pushing.url}]}}},
        "gitea": {"repository": {"clone_url": pushing.url}},
    }
    for provider, body in bodies.items():
        await pushing.push(provider)
        assert await pushing.hook(provider, body) == 202
        await pushing.applied(provider)


async def test_a_hook_that_is_not_signed_causes_nothing(pushing: Pushing) -> None:
    body = {"repository": {"clone_url": pushing.url}}
    assert await pushing.post("/api/v1/hooks/github", body) == 401


async def test_a_call_for_everything_has_repositories_looked_at(pushing: Pushing) -> None:
    await pushing.push("third")
    assert await pushing.post("/api/v1/sync-git", {}) == 200
    await pushing.applied("third")
