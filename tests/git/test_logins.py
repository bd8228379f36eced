"""Who asks a remote, and what is said when it refuses."""

import stat
from datetime import timedelta
from pathlib import Path

from helmward.git.login import GitLogin
from tests.git.conftest import MirrorOf
from tests.support.git_repo import GitRepo
from tests.support.git_server import PASSWORD, USER, http_git, ssh_git
from tests.support.mirrors import CHART, MAIN, failure_of, files_of

LOGIN = GitLogin(username=USER, password=PASSWORD)


async def test_login_over_http(repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf) -> None:
    """And between requests it lies nowhere."""
    repo.commit(CHART)
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        url = f"{server.url}/shop.git"
        mirror = mirror_of(url, LOGIN)
        assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART

        wrong = await failure_of(mirror_of(url, GitLogin("flux", "wr0ng/word"), folder="wrong"))
        nobody = await failure_of(mirror_of(url, folder="nobody"))

    assert "authentication failed: spec.chart.secretRef needs a Secret" in wrong
    assert "authentication failed" in nobody
    assert "wr0ng" not in wrong
    kept = _files_at(tmp_path, "*/home/*")
    assert kept
    assert not [content for content in kept if b"s3cret" in content]
    assert stat.S_IMODE((tmp_path / "mirror" / "home").stat().st_mode) == 0o700


async def test_a_password_is_not_carried_to_another_host(
    repo: GitRepo, mirror_of: MirrorOf
) -> None:
    """A server may redirect, but credentials belong to the host that was named."""
    repo.commit(CHART)
    folder = repo.folder.parent
    async with http_git(folder) as first, http_git(folder, (USER, PASSWORD)) as other:
        first.redirect = other.url
        assert "authentication failed" in await failure_of(
            mirror_of(f"{first.url}/shop.git", LOGIN)
        )


async def test_a_bearer_token_opens_http_and_is_led_nowhere_else(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """A header would go along to wherever the server sends us."""
    repo.commit(CHART)
    folder = repo.folder.parent
    async with http_git(folder) as server, http_git(folder) as other:
        server.token = other.token = "t0ken-of-somebody"
        login = GitLogin(token="t0ken-of-somebody")
        mirror = mirror_of(f"{server.url}/shop.git", login)
        assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART

        server.redirect = other.url
        message = await failure_of(mirror)
        assert "another address" in message
        assert "t0ken" not in message
        assert other.requests == 0


async def test_the_operators_netrc_opens_http(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """For its hosts alone, and not for who brings a login of his own."""
    repo.commit(CHART)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    async with http_git(repo.folder.parent, (USER, PASSWORD)) as server:
        url = f"{server.url}/shop.git"
        assert (await mirror_of(url, netrc=netrc).fetch(MAIN)).name == MAIN
        own = mirror_of(url, GitLogin("me", "mine"), folder="own", netrc=netrc)
        assert "authentication failed" in await failure_of(own)
    assert not (tmp_path / "mirror" / "home" / ".netrc").exists()


async def test_a_key_and_host_keys_from_a_secret_open_ssh(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    repo.commit(CHART)
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        key, hosts = server.key.read_bytes(), server.known_hosts.read_bytes()
        login = GitLogin(identity=key.rstrip(), known_hosts=hosts)
        mirror = mirror_of(f"{server.url}/shop.git", login)
        assert await files_of(mirror, await mirror.fetch(MAIN), tmp_path) == CHART
    assert not (tmp_path / "mirror" / "home" / "identity").exists()


async def test_the_operators_key_and_ssh_config_open_ssh(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Several keys are told apart by host, as in any ssh_config."""
    repo.commit(CHART)
    async with ssh_git(repo.folder.parent, tmp_path / "ssh") as server:
        server.key.chmod(0o600)
        url, hosts = f"{server.url}/shop.git", server.known_hosts
        config = tmp_path / "ssh_config"
        config.write_text(f"Host 127.0.0.1\n  IdentityFile {server.key}\n")

        for number, more in enumerate(({"ssh_key": server.key}, {"ssh_config": config})):
            mirror = mirror_of(url, folder=f"m{number}", known_hosts=hosts, **more)
            assert (await mirror.fetch(MAIN)).name == MAIN


async def test_a_host_whose_key_is_wrong_or_unknown_is_refused(
    repo: GitRepo, tmp_path: Path, mirror_of: MirrorOf
) -> None:
    """Nobody is trusted on first sight, and no change goes through."""
    repo.commit(CHART)
    folder = repo.folder.parent
    async with (
        ssh_git(folder, tmp_path / "ssh") as server,
        ssh_git(folder, tmp_path / "o") as other,
    ):
        line = other.known_hosts.read_text().replace(str(other.port), str(server.port))
        for number, hosts in enumerate((line, "")):
            login = GitLogin(identity=server.key.read_bytes(), known_hosts=hosts.encode())
            mirror = mirror_of(f"{server.url}/shop.git", login, folder=f"m{number}")
            assert "not known, or has changed" in await failure_of(mirror)

        stranger = GitLogin(
            identity=other.key.read_bytes(), known_hosts=server.known_hosts.read_bytes()
        )
        message = await failure_of(mirror_of(f"{server.url}/shop.git", stranger, folder="m9"))
        assert "may the key of spec.chart.secretRef" in message


async def test_causes_are_told_apart(repo: GitRepo, mirror_of: MirrorOf) -> None:
    async with http_git(repo.folder.parent) as server:
        missing = await failure_of(mirror_of(f"{server.url}/none.git", folder="a"))
        server.broken = True
        broken = await failure_of(mirror_of(f"{server.url}/shop.git", folder="b"))
        server.broken, server.silent = False, True
        slow = mirror_of(f"{server.url}/x", folder="c", timeout=timedelta(milliseconds=300))
        silent = await failure_of(slow)
    refused = await failure_of(mirror_of("http://127.0.0.1:1/shop.git", folder="d"))
    nowhere = await failure_of(mirror_of("https://git.invalid/shop.git", folder="e"))

    assert "no such repository" in missing
    assert "does not answer" in broken
    assert "--git-timeout" in silent
    assert "does not answer" in refused
    assert "cannot be resolved: check spec.chart.git" in nowhere


def _files_at(folder: Path, pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob(pattern) if path.is_file()]
