"""Archives that mean harm, or were harmed: refused with the entry named, nothing of them kept."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from helmward.errors import ChartRejected, SourceUnavailable
from tests.support.helm import Helm, config_map

ONE = {"c.yaml": config_map("c")}
CHART = b"apiVersion: v2\nname: app\nversion: 1.0.0\n"
BOMB = 64 << 20

Spoil = Callable[[Path], None]


def packed(*entries: tuple[tarfile.TarInfo, bytes]) -> Spoil:
    """Pack a chart with further entries, as they are said."""

    def spoil(path: Path) -> None:
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            for entry, content in (plain("app/Chart.yaml", CHART), *entries):
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))

    return spoil


def plain(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry, b""


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def unzipped(path: Path) -> None:
    path.write_bytes(gzip.decompress(path.read_bytes()))


CASES: dict[str, tuple[Spoil, str]] = {
    "bomb": (packed(plain("app/files/bomb", bytes(BOMB))), "more than 100 times its size"),
    "many": (packed(*(plain(f"app/{i}", b"") for i in range(10_001))), "more than 10000 entries"),
    "parent": (packed(plain("app/../../out")), r'"app/\.\./\.\./out".* parent directory'),
    "absolute": (packed(plain("/etc/out")), '"/etc/out".* absolute path'),
    "symlink": (packed(link("app/values.yaml", "/etc/passwd")), '"app/values.yaml".* is a link'),
    "hard link": (packed(link("app/x", "app/Chart.yaml", tarfile.LNKTYPE)), "is a link"),
    "device": (packed(link("app/x", "", tarfile.CHRTYPE)), "neither a file nor a folder"),
    "twice": (packed(plain("app/Chart.yaml", CHART)), "is there twice"),
    "truncated": (cut, "no chart: it is cut short"),
    "damaged": (damaged, "no chart"),
    "no gzip": (unzipped, "packed with gzip"),
}


@pytest.mark.parametrize(("spoil", "words"), CASES.values(), ids=CASES)
async def test_an_archive_that_means_harm_is_refused(helm: Helm, spoil: Spoil, words: str) -> None:
    """With its address, and for good: the same archive is refused again."""
    spoil(helm.repo.add("app", "1.0.0", ONE))
    (helm.repo.folder / "index.yaml").write_text(
        "apiVersion: v1\nentries:\n  app:\n  - {name: app, version: 1.0.0, urls: [app-1.0.0.tgz]}\n"
    )
    for _ in range(2):
        with pytest.raises(ChartRejected, match=rf"/app-1\.0\.0\.tgz.*{words}"):
            await helm.pull("app")


async def test_the_engine_goes_on_after_a_bomb(helm: Helm) -> None:
    """And has not grown by what was in it."""
    before = (await helm.engine.stats()).rss_bytes
    helm.repo.add("good", "1.0.0", ONE)
    packed(plain("app/files/bomb", bytes(BOMB)))(helm.repo.folder / "app-1.0.0.tgz")
    helm.repo.reindex()
    with pytest.raises(ChartRejected):
        await helm.pull("app")
    assert (await helm.pull("good")).name == "good"
    assert (await helm.engine.stats()).rss_bytes - before < BOMB


async def test_an_archive_of_another_digest_is_the_repositorys_fault(helm: Helm) -> None:
    """It is fetched again when it is what the index lists."""
    path = helm.repo.add("app", "1.0.0", ONE)
    sound = path.read_bytes()
    packed(plain("app/evil.yaml"))(path)
    with pytest.raises(SourceUnavailable, match="not what the index lists"):
        await helm.pull("app")
    path.write_bytes(sound)
    assert (await helm.pull("app")).version == "1.0.0"
