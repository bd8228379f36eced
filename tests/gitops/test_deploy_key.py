"""As whom a repository is asked: a Secret's login, a file, a mounted key, a new one."""

import asyncio
import base64
import sys
from pathlib import Path

import asyncssh
import pytest
from structlog.testing import capture_logs

from helmward.errors import ConfigInvalid, SourceUnavailable
from helmward.git.keygen import new_key, public_key
from helmward.git.login import NOBODY, GitLogin
from helmward.gitops.deploykey import DeployKey, Login, make_login
from helmward.gitops.role import deploy_key_of
from helmward.kube import ClusterConfig, Kube, load_config
from helmward.kube.resources import SECRETS
from helmward.settings import DeployKeySettings, GitSettings, RepositorySettings
from tests.gitops.signing import a_mirror
from tests.support.git_repo import GitRepo
from tests.support.git_server import ssh_git
from tests.support.plane import Plane
from tests.support.rights import kubeconfig_as

URL = "ssh://git@git.example.com/shop.git"
NAME = "flux-git-deploy"
HELMWARD = Path(sys.executable).with_name("helmward")


@pytest.fixture
def own(tmp_path: Path) -> DeployKeySettings:
    """Settings under which nothing is mounted yet."""
    return DeployKeySettings(mount=tmp_path / "mount")


def a_login(
    kube: Kube, namespace: str, own: DeployKeySettings, url: str = URL, **settings: Path | str
) -> Login:
    repository = RepositorySettings(url, **settings)  # type: ignore[arg-type]
    return make_login(kube, namespace, repository, own)


async def keep(kube: Kube, namespace: str, name: str = NAME, **entries: bytes) -> None:
    """Create a Secret."""
    data = {key: base64.b64encode(value).decode() for key, value in entries.items()}
    await kube.create(SECRETS, {"metadata": {"name": name}, "data": data}, namespace)


async def kept(kube: Kube, namespace: str) -> bytes:
    """Return the key in the Secret."""
    found = await kube.get(SECRETS, NAME, namespace)
    return base64.b64decode(found["data"]["identity"])


async def test_a_key_is_made_once_and_told_once(
    kube: Kube, namespace: str, own: DeployKeySettings
) -> None:
    """The public part goes to the log, the private one to the Secret alone."""
    with capture_logs() as logs:
        login = a_login(kube, namespace, own)
        first, again = await login(), await login()
        restarted = await a_login(kube, namespace, own)()

    private = asyncssh.import_private_key(first.identity)
    assert private.get_algorithm() == "ssh-ed25519"
    assert again == restarted == first
    assert await kept(kube, namespace) == first.identity
    told = [line["public_key"] for line in logs]
    public = private.export_public_key().decode().split()[1]
    assert [word.split()[1] for word in told] == [public, public]
    assert "PRIVATE" not in str(logs)


async def test_a_secret_without_a_key_keeps_what_it_has(
    kube: Kube, namespace: str, own: DeployKeySettings
) -> None:
    await keep(kube, namespace, other=b"1")
    login = await a_login(kube, namespace, own)()

    assert (await kube.get(SECRETS, NAME, namespace))["data"].keys() == {"identity", "other"}
    assert await kept(kube, namespace) == login.identity


async def test_two_that_make_a_key_at_once_have_the_same(
    kube: Kube, namespace: str, own: DeployKeySettings
) -> None:
    """The one that was kept first counts for both."""
    logins = [a_login(kube, namespace, own) for _ in range(4)]
    found = await asyncio.gather(*(login() for login in logins))

    assert {login.identity for login in found} == {await kept(kube, namespace)}


async def test_a_changed_secret_counts_at_once(
    kube: Kube, namespace: str, own: DeployKeySettings
) -> None:
    await keep(kube, namespace, identity=await new_key(), known_hosts=b"host key")
    login = a_login(kube, namespace, own)
    before = await login()
    after = await DeployKey(kube, namespace, own).replaced()

    assert before.known_hosts == b"host key"
    assert (await login()).identity == after != before.identity


async def test_no_key_is_made_over_http(kube: Kube, namespace: str, own: DeployKeySettings) -> None:
    """Nor is any looked for."""
    before = kube.requests.copy()
    login = a_login(kube, namespace, own, "https://git.example.com/shop.git")

    assert await login() == NOBODY
    assert kube.requests == before


async def test_no_key_is_made_where_none_may_be(kube: Kube, namespace: str, tmp_path: Path) -> None:
    own = DeployKeySettings(mount=tmp_path, generate=False)
    assert await a_login(kube, namespace, own)() == NOBODY


async def test_the_nearest_key_counts(
    kube: Kube, namespace: str, own: DeployKeySettings, tmp_path: Path
) -> None:
    """The flag's file, then what is mounted, then the Secret."""
    keys = {name: await new_key() for name in ("file", "mounted", "secret")}
    await keep(kube, namespace, identity=keys["secret"])
    own.mount.mkdir()
    (own.mount / "identity").write_bytes(keys["mounted"].rstrip(b"\n"))
    file = tmp_path / "key"
    file.write_bytes(keys["file"])

    assert await a_login(kube, namespace, own, ssh_key=file)() == GitLogin(identity=keys["file"])
    assert await a_login(kube, namespace, own)() == GitLogin(identity=keys["mounted"])
    (own.mount / "identity").unlink()
    assert await a_login(kube, namespace, own)() == GitLogin(identity=keys["secret"])


async def test_a_login_comes_from_any_secret(
    kube: Kube, namespace: str, own: DeployKeySettings
) -> None:
    await keep(kube, namespace, "git", username=b"bob", password=b"PLANTED")
    url = "https://git.example.com/shop.git"
    login = a_login(kube, namespace, own, url, secret="git")

    assert await login() == GitLogin(username="bob", password="PLANTED")


@pytest.mark.parametrize(
    ("url", "entries", "words"),
    [
        (URL, {"password": b"PLANTED"}, "has no entry `identity`"),
        ("https://git.example.com/a", {"identity": b"PLANTED"}, "neither `username` and"),
        ("https://git.example.com/a", {"password": b"PLAN\nTED"}, "more than one line"),
        (URL, None, "not found"),
    ],
)
async def test_a_secret_that_is_no_login_is_named(  # noqa: PLR0913, PLR0917 - a table
    kube: Kube,
    namespace: str,
    own: DeployKeySettings,
    url: str,
    entries: dict[str, bytes] | None,
    words: str,
) -> None:
    if entries is not None:
        await keep(kube, namespace, "git", **entries)
    with pytest.raises(SourceUnavailable, match=words) as refused:
        await a_login(kube, namespace, own, url, secret="git")()

    assert f"Secret {namespace}/git" in str(refused.value)
    assert "PLAN" not in str(refused.value)


async def test_who_may_not_read_the_secret_is_told(
    plane: Plane, namespace: str, own: DeployKeySettings, tmp_path: Path
) -> None:
    async with Kube(load_config(kubeconfig_as("nobody", plane.kubeconfig, tmp_path))) as poor:
        with pytest.raises(SourceUnavailable, match=r"deploy key cannot .* or give --git-ssh-key"):
            await a_login(poor, namespace, own)()


async def test_a_repository_is_read_with_the_key(
    repo: GitRepo, kube: Kube, namespace: str, own: DeployKeySettings, tmp_path: Path
) -> None:
    """A real server that was told of the public part lets us in, and not with another key."""
    head = repo.commit({"a.yaml": "1"})
    login = a_login(kube, namespace, own)
    public = await public_key((await login()).identity)
    async with ssh_git(repo.folder.parent, tmp_path / "private", allowed=public) as server:
        hosts = server.known_hosts
        mirror = a_mirror(
            f"{server.url}/shop.git", tmp_path / "work", NOBODY, login, known_hosts=hosts
        )
        assert (await mirror.refs()).branches == {"main": head}
        await DeployKey(kube, namespace, own).replaced()
        with pytest.raises(SourceUnavailable, match="the server refuses us"):
            await mirror.refs()


@pytest.mark.parametrize(
    ("kind", "bits", "said"),
    [(None, None, "ssh-ed25519"), ("ecdsa", 384, "ecdsa-sha2-nistp384"), ("rsa", 2048, "ssh-rsa")],
)
async def test_keys_are_made_as_asked(kind: str | None, bits: int | None, said: str) -> None:
    assert (await public_key(await new_key(kind, bits))).startswith(f"{said} ")


async def test_a_length_that_does_not_exist_is_named() -> None:
    with pytest.raises(
        ConfigInvalid, match="--ssh-keygen-type, --ssh-keygen-bits: ssh-keygen says"
    ):
        await new_key("rsa", 7)


async def test_what_is_no_key_is_told_without_it() -> None:
    with pytest.raises(ConfigInvalid, match="the deploy key: ssh-keygen says") as refused:
        await public_key(b"PLANTED")
    assert "PLANTED" not in str(refused.value)


async def test_keys_need_ssh_keygen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigInvalid, match="or give --git-ssh-key"):
        await new_key()


async def identity(plane: Plane, namespace: str, *flags: str) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        HELMWARD,
        *("identity", "--kubeconfig", plane.kubeconfig, "-n", namespace, *flags),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, words = await process.communicate()
    return process.returncode or 0, output.decode(), words.decode()


async def test_the_command_tells_the_public_key(plane: Plane, kube: Kube, namespace: str) -> None:
    """And makes a new one when told; without a key it says how."""
    code, output, words = await identity(plane, namespace)
    assert (code > 2, output) == (True, "")
    assert f"Secret {namespace}/{NAME} has no key: -r makes one" in words

    code, made, _ = await identity(plane, namespace, "-r")
    assert (code, await public_key(await kept(kube, namespace))) == (0, made.strip())
    assert await identity(plane, namespace) == (0, made, "")

    _, other, _ = await identity(plane, namespace, "--regenerate", "--ssh-keygen-type", "ecdsa")
    assert other.startswith("ecdsa-sha2-")


@pytest.mark.parametrize("in_cluster", [True, False])
def test_outside_of_a_cluster_no_key_is_made(in_cluster: bool) -> None:
    """There is an agent there, or a key of the user's."""
    cluster = ClusterConfig(server="https://127.0.0.1:1", in_cluster=in_cluster)
    assert deploy_key_of(GitSettings(()), cluster).generate is in_cluster
