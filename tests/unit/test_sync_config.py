"""The file of --sync-config: several repositories, read strictly."""

import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from helmward.cli.sync_config.described import described
from helmward.cli.sync_config.fields import FLAGS, OWN
from helmward.settings import (
    GitSettings,
    PathSettings,
    PruneSettings,
    RefSettings,
    RepositorySettings,
    StateSettings,
    Substitutes,
    VerifySettings,
)
from tests.support.command_line import URL, CommandLine

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "follow-several-repositories.md"
LEAST = """\
repositories:
- name: shop
  url: https://git.example.com/shop.git
"""
WHOLE = """\
repositories:
- name: shop
  url: ssh://git@git.example.com/shop.git
  ref: {branch: main, tag: v1, semver: ">=1 <2"}
  paths:
  - path: namespaces/
  - path: apps
    build: kustomize
    substitute: {cluster: eu}
    substituteFrom:
    - {kind: ConfigMap, name: vars}
    - {kind: Secret, name: secrets, namespace: ops, optional: true}
  pollInterval: 30s
  syncInterval: 1h
  timeout: 10s
  syncTimeout: 2m
  defaultNamespace: shop
  secretRef: {name: login}
  sshKey: ../keys/id
  knownHosts: hosts
  sops: true
  gitSecret: true
  manifestGeneration: true
  prune: {enabled: true, brake: {share: 0.1, count: 5}}
  verify: {mode: TagAndHEAD, pgpKeys: [../keys], sshKeys: [hosts]}
  state:
    mode: git
    tag: shop-sync
    user: Me
    email: me@example.com
    signingKey: ABCD
    privateKeys: [../keys/id]
- name: base
  url: https://git.example.com/base.git
"""


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "hosts").touch()
    commands = CommandLine(monkeypatch, tmp_path)
    (tmp_path / "keys" / "id").touch()
    return commands


def written(text: str) -> str:
    """Write the file into a folder beside; return the flag that names it."""
    Path("conf/sync.yaml").write_text(textwrap.dedent(text))
    return "--sync-config=conf/sync.yaml"


def git_of(line: CommandLine, text: str, *words: str) -> GitSettings:
    git = line.settings(written(text), "--sops-pgp-key=key.asc", *words).git
    assert git
    return git


def test_every_field_has_its_meaning(line: CommandLine) -> None:
    shop, base = git_of(line, WHOLE).repositories

    assert shop == RepositorySettings(
        url="ssh://git@git.example.com/shop.git",
        name="shop",
        ref=RefSettings(branch="main", tag="v1", semver=">=1 <2"),
        paths=(
            PathSettings("namespaces", as_written="namespaces/"),
            PathSettings(
                "apps",
                build="kustomize",
                substitute={"cluster": "eu"},
                substitute_from=(
                    Substitutes("ConfigMap", "vars"),
                    Substitutes("Secret", "secrets", "ops", optional=True),
                ),
            ),
        ),
        poll_interval=timedelta(seconds=30),
        sync_interval=timedelta(hours=1),
        timeout=timedelta(seconds=10),
        sync_timeout=timedelta(minutes=2),
        default_namespace="shop",
        ssh_key=Path("conf/../keys/id"),
        known_hosts=Path("conf/hosts"),
        secret="login",  # a name
        sops=True,
        git_secret=True,
        generators=True,
        prune=PruneSettings(enabled=True, share=0.1, count=5),
        verify=VerifySettings("TagAndHEAD", (Path("conf/../keys"),), (Path("conf/hosts"),)),
        state=StateSettings(
            mode="git",
            tag="shop-sync",
            user="Me",
            email="me@example.com",
            signing_key="ABCD",
            private_keys=(Path("conf/../keys/id"),),
        ),
    )
    assert base == RepositorySettings(url="https://git.example.com/base.git", name="base")


def test_the_whole_file_says_every_field() -> None:
    """A field that is added stands in the test above, too."""
    said: set[str] = set()

    def walk(value: object, path: str) -> None:
        said.add(path)
        if isinstance(value, dict) and not path.endswith("substitute"):
            for name, inner in value.items():
                walk(inner, f"{path}.{name}" if path else name)
        for inner in value if isinstance(value, list) and value and value != [""] else ():
            if isinstance(inner, dict):
                walk(inner, f"{path}[]")

    walk(yaml.safe_load(WHOLE), "")
    left_out = {"ref.name", "ref.commit", "prune.dryRun", "state.readonly"}

    assert {one.path for one in described()} - said == {f"repositories[].{one}" for one in left_out}


def test_flags_are_the_defaults_of_all(line: CommandLine) -> None:
    flags = [
        *("--git-poll-interval=7s", "--sync-garbage-collection", "--prune-brake-count=9"),
        *("--k8s-default-namespace=ops", "--git-build=auto", "--git-ssh-key=keys/id"),
        *("--git-ssh-signers=signers", "--git-verify-signatures-mode=HEAD", "--sync-timeout=9s"),
    ]
    shop, base = git_of(line, WHOLE, *flags).repositories

    assert base == RepositorySettings(
        url="https://git.example.com/base.git",
        name="base",
        paths=(PathSettings(build="auto"),),
        poll_interval=timedelta(seconds=7),
        sync_timeout=timedelta(seconds=9),
        default_namespace="ops",
        ssh_key=Path("keys/id"),
        prune=PruneSettings(enabled=True, count=9),
        verify=VerifySettings("HEAD", (), (Path("signers"),)),
    )
    assert [one.build for one in shop.paths] == ["auto", "kustomize"]
    assert (shop.poll_interval, shop.prune.count) == (timedelta(seconds=30), 5)


def test_the_repository_of_the_flags_is_one_more(line: CommandLine) -> None:
    """Its login and its ref are for its own host and for nobody else's."""
    words = [URL, "--git-branch=main", "--git-path=deploy", "--git-auth-secret=login"]
    main, shop = git_of(line, LEAST, *words).repositories

    assert (main.name, main.ref.branch, main.secret) == ("main", "main", "login")
    assert (shop.name, shop.ref.branch, shop.secret) == ("shop", None, None)
    assert shop.paths == (PathSettings(),)


@pytest.mark.parametrize("command", ["run", "sync"])
def test_the_file_is_enough(line: CommandLine, command: str) -> None:
    git = line.settings(written(LEAST), command=command).git

    assert git
    assert [one.name for one in git.repositories] == ["shop"]


def test_the_file_may_be_named_by_a_variable(line: CommandLine) -> None:
    written(LEAST)

    assert line.settings(HELMWARD_SYNC_CONFIG="conf/sync.yaml").git


def test_what_is_said_in_vain_is_told_with_its_place(line: CommandLine) -> None:
    file = LEAST + "  state: {mode: git, readonly: true}\n"
    settings = line.settings(written(file))

    assert settings.git
    assert settings.git.repositories[0].state.mode == "secret"
    (note,) = settings.notes
    where = "--sync-config conf/sync.yaml:2: repositories[0]: state"
    assert note.startswith(f"{where}.mode git is taken as secret: state.readonly keeps anything")


def entry(text: str) -> str:
    return f"{LEAST}  {text}\n"


WRONG = {
    "no mapping": ("- a", "1: must be a mapping, not a list"),
    "nothing": ("", " must hold one YAML document with `repositories`"),
    "two documents": (LEAST + "---\n" + LEAST, " must hold one YAML document"),
    "no YAML": ("repositories: [", "2: "),
    "a key twice": (LEAST + "  name: b\n", "4: a key stands twice in one mapping"),
    "no repositories": ("{}", "1: repositories: is missing"),
    "empty": ("repositories: []", "1: repositories: must not be empty"),
    "unknown at the top": (
        LEAST + "repos: []",
        "1: repos: is unknown: take one of repositories",
    ),
    "no url": ("repositories:\n- name: a", "2: repositories[0].url: is missing"),
    "no name": ("repositories:\n- url: https://x/y", "2: repositories[0].name: is missing"),
    "unknown": (entry("branch: a"), "2: repositories[0].branch: is unknown: take one of name, url"),
    "unknown deeper": (
        entry("paths: [{}, {path: a, biuld: plain}]"),
        "4: repositories[0].paths[1].biuld: is unknown: take one of path, build, substitute",
    ),
    "another type": (entry("sops: 1"), "2: repositories[0].sops: must be true or false, not"),
    "no text": (
        entry("state: {tag: 1.5}"),
        "4: repositories[0].state.tag: must be a text, not a number: put it into quotes",
    ),
    "no variable": (
        entry("paths: [{substitute: {replicas: 3}}]"),
        "4: repositories[0].paths[0].substitute: must be a text, not a whole number: put it",
    ),
    "no paths": (entry("paths: []"), "2: repositories[0].paths: must not be empty"),
    "path as text": (entry("paths: [a]"), "2: repositories[0].paths[0]: must be a mapping, not"),
    "build": (
        entry("paths:\n  - path: a\n  - path: b\n    build: helm"),
        "6: repositories[0].paths[1].build: must be one of auto, kustomize, plain",
    ),
    "mode": (entry("verify: {mode: some}"), "4: repositories[0].verify.mode: must be one of"),
    "share": (
        entry("prune: {brake: {share: 2}}"),
        "4: repositories[0].prune.brake.share: must be a number <= 1.0",
    ),
    "count": (
        entry("prune: {brake: {count: -1}}"),
        "4: repositories[0].prune.brake.count: must be a whole number >= 0",
    ),
    "duration": (
        entry("pollInterval: '30'"),
        "2: repositories[0].pollInterval: '30' is not a duration such as 500ms, 10s, 3m or 1h30m",
    ),
    "no time": (entry("timeout: 0s"), "2: repositories[0].timeout: must be more than zero"),
    "path out": (
        entry("paths: [{path: ../x}]"),
        "4: repositories[0].paths[0].path: '../x' must be relative to the root",
    ),
    "path twice": (
        entry("paths: [{path: a}, {path: ./a}]"),
        "4: repositories[0].paths[1].path: './a' is there already",
    ),
    "branch": (
        entry("ref: {branch: refs/heads/main}"),
        "4: repositories[0].ref.branch: 'refs/heads/main' is a whole ref: leave refs/heads/ out",
    ),
    "tag": (entry("ref: {tag: a b}"), "4: repositories[0].ref.tag: 'a b' can name no tag"),
    "ref": (entry("ref: {name: main}"), "4: repositories[0].ref.name: 'main' is no full name"),
    "commit": (entry("ref: {commit: abc}"), "4: repositories[0].ref.commit: 'abc' is no commit"),
    "name": (LEAST.replace("shop", "Shop", 1), "2: repositories[0].name: 'Shop' is no name"),
    "namespace": (entry("defaultNamespace: A"), "2: repositories[0].defaultNamespace: 'A' is no"),
    "secret": (entry("secretRef: {name: A}"), "4: repositories[0].secretRef.name: 'A' is no name"),
    "no range": (entry("ref: {semver: ''}"), "4: repositories[0].ref.semver: must not be empty"),
    "odd range": (
        entry("ref: {semver: latest}"),
        "4: repositories[0].ref.semver: 'latest' is no range of versions, as 1.x",
    ),
    "variable": (
        entry("paths: [{substitute: {a-b: x}}]"),
        "4: repositories[0].paths[0].substitute: 'a-b' can name no variable",
    ),
    "substitutes": (
        entry("paths: [{substituteFrom: [{kind: Secret, name: A}]}]"),
        "4: repositories[0].paths[0].substituteFrom[0].name: 'A' is no name",
    ),
    "namespace of substitutes": (
        entry("paths: [{substituteFrom: [{kind: Secret, name: a, namespace: A}]}]"),
        "4: repositories[0].paths[0].substituteFrom[0].namespace: 'A' is no name",
    ),
    "no file": (entry("sshKey: id"), "2: repositories[0].sshKey: conf/id does not exist"),
    "no key": (
        entry("verify: {pgpKeys: [hosts, b]}"),
        "4: repositories[0].verify.pgpKeys[1]: conf/b does not exist",
    ),
    "nobody may sign": (
        entry("verify: {mode: all}"),
        "2: repositories[0]: verify.mode all needs the keys of those who may sign",
    ),
    "no key to sign with": (
        entry("state: {mode: git, signingKey: AB}"),
        "2: repositories[0]: state.signingKey names a key that is nowhere",
    ),
    "no tag to check": (
        entry("verify: {mode: Tag, sshKeys: [hosts]}"),
        "2: repositories[0]: verify.mode Tag checks a tag: follow one by ref.tag or",
    ),
    "no address": (
        LEAST.replace("https://git.example.com/shop.git", "shop"),
        "2: repositories[0].url names no git repository",
    ),
    "one name": (
        LEAST + "- name: shop\n  url: https://git.example.com/b",
        "4: repositories[1].name: 'shop' is the name of repositories[0]: give another",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_line_and_field(line: CommandLine, name: str) -> None:
    text, said = WRONG[name]
    result = line.call([written(text)])

    assert result.exit_code == 2
    assert f"--sync-config conf/sync.yaml:{said}" in result.stderr
    assert not line.has_served


@pytest.mark.parametrize(
    "url",
    [
        "https://me:planted@git.example.com/a?b",
        "https://me:planted word@git.example.com/a",
        "planted@",
        "ftp://me:planted@x/y",
    ],
)
def test_no_error_repeats_a_password(line: CommandLine, url: str) -> None:
    result = line.call([written(f"repositories: [{{name: a, url: '{url}'}}]")])

    assert result.exit_code == 2
    assert "repositories[0].url" in result.stderr
    assert "planted" not in result.output


TWO = """\
repositories:
- {name: a, url: "https://git.example.com/a", state: {mode: %s}}
- {name: b, url: "git@git.example.com:a.git", state: {mode: %s}}
"""


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (TWO % ("git", "git"), [], "two repositories have one URL and move one tag"),
        (TWO % ("secret", "secret"), [], "repositories a, b would note their place in one"),
        (LEAST, [URL, "--git-name=shop"], "two repositories are called 'shop'"),
    ],
)
def test_no_repository_takes_what_is_anothers(
    line: CommandLine, text: str, words: list[str], said: str
) -> None:
    result = line.call([written(text), *words])

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_too_large_is_not_read(line: CommandLine) -> None:
    result = line.call([written("#" * (1 << 20) + "\n" + LEAST)])

    assert result.exit_code == 2
    assert "conf/sync.yaml: is larger than 1 MiB" in result.stderr


def test_an_alias_bomb_does_not_go_off(line: CommandLine) -> None:
    levels = "\n".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    result = line.call([written(f"a: &a [x]\n{levels}\n")])

    assert result.exit_code == 2
    assert "aliases of this file repeat" in result.stderr


def test_every_flag_that_stands_in_for_a_field_exists(line: CommandLine) -> None:
    paths = {one.path.removeprefix("repositories[].") for one in described()}
    helped = line.call(["--help"]).output

    assert not (set(FLAGS) | set(OWN)) - paths
    assert [flag for flag in FLAGS.values() if f" {flag} " not in helped] == []


def test_the_example_of_the_page_is_understood(line: CommandLine) -> None:
    """Whoever copies it starts with something that works."""
    text = HOWTO.read_text().partition("```yaml\n")[2].partition("```")[0]
    assert "repositories:" in text
    for name in ("keys/platform.asc", "id_ed25519"):
        (Path("conf") / name).parent.mkdir(exist_ok=True)
        (Path("conf") / name).touch()

    git = git_of(line, text)

    assert [one.name for one in git.repositories] == ["platform", "shop"]
