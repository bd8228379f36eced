"""What `helmward diff` does: find out what a commit would change, and print it.

Runs in the user's own process, with the user's rights; the operator is not asked.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from helmward.charts import Charts
from helmward.cli.own_engine import own_engine
from helmward.cli.repositories import git_settings
from helmward.cli.shape import Exit
from helmward.cli.sources import one_look
from helmward.engine import Engine
from helmward.errors import ConfigInvalid
from helmward.kube import Kube, load_config
from helmward.logs import configure
from helmward.preview.as_json import as_json
from helmward.preview.findings import Preview
from helmward.preview.local import Local, local
from helmward.preview.look import Look, Question
from helmward.preview.markdown import as_markdown
from helmward.preview.masking import Masking
from helmward.preview.releases import Releases
from helmward.preview.text import as_text
from helmward.settings import ChartSettings, GitSettings, RepositorySettings
from helmward.sops import Decrypter, read_keys

Flags = Mapping[str, Any]

HERE: Final = "https://git.invalid/here.git"
"""Stands for the repository that nobody has to name: its files are here."""
NOT_ASKED: Final[Flags] = {
    **dict.fromkeys(("git_branch", "git_tag", "git_semver", "git_ref", "git_commit"), ""),
    **dict.fromkeys(("git_auth_secret", "git_label", "git_sync_tag", "git_signing_key"), ""),
    **dict.fromkeys(("git_user", "git_email", "git_verify_signatures_mode"), ""),
    **dict.fromkeys(("k8s_secret_name", "k8s_secret_data_key"), ""),
    **dict.fromkeys(("git_verify_signatures", "git_readonly"), False),
    **dict.fromkeys(("ssh_keygen_type", "ssh_keygen_bits"), None),
    **dict.fromkeys(("git_ssh_signers", "k8s_namespace_whitelist"), ()),
    "k8s_secret_volume_mount_path": Path(),
    "sync_state": "cluster",
}
"""What the operator is told about its repositories, and is nothing to a look."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be looked at, and how it is shown."""

    named: str
    role: GitSettings
    repository: RepositorySettings
    paths_given: bool
    charts: ChartSettings
    namespace: str | None
    render: bool
    output: str
    kubeconfig: Path | None
    context: str | None


def asked(named: str, flags: Flags) -> Asked:
    """Understand the flags.

    Raises:
        ConfigInvalid: they do not go together.
    """
    role, repository = _repository(flags)
    return Asked(
        named,
        role,
        repository,
        paths_given=bool(flags["git_path"] or flags["sync_config"]),
        charts=one_look(flags),
        render=not flags["no_render"],
        **{key: flags[key] for key in ("namespace", "output", "kubeconfig", "context")},
    )


async def diff(question: Asked) -> int:
    """Print what would change; return the exit code.

    Raises:
        ConfigInvalid: neither a folder nor a commit, or the kubeconfig is wrong.
        HelmwardError: the files are broken, or the cluster, the engine or a
            repository said no.
    """
    configure("auto", "warning")
    path = str(question.kubeconfig) if question.kubeconfig else None
    with TemporaryDirectory(prefix="helmward-") as home:
        found = await local(question.named, Path(home))
        async with (
            Kube(load_config(path, question.context)) as kube,
            own_engine(kube, question.charts) as (engine, work),
        ):
            preview = await _look(kube, engine, work, question, found)
    click.echo(_written(preview, question.output), nl=False)
    return Exit.NOT_READY if preview.differs else Exit.FINE


async def _look(kube: Kube, engine: Engine, work: Path, question: Asked, found: Local) -> Preview:
    releases = _releases(engine, work, question.charts) if question.render else None
    return await Look(kube, engine, releases).at(
        Question(
            question.role,
            question.repository,
            found,
            paths_given=question.paths_given,
            namespace=question.namespace,
        )
    )


def _releases(engine: Engine, work: Path, settings: ChartSettings) -> Releases:
    charts = Charts(engine, settings, work=work / "mirrors")
    decrypter = Decrypter(read_keys(settings.age_keys, settings.pgp_keys))
    return Releases(engine, charts, settings, decrypter, Masking())


def _repository(flags: Flags) -> tuple[GitSettings, RepositorySettings]:
    """Return the one repository that is meant.

    Raises:
        ConfigInvalid: there is none of the name, or there are several and no name.
    """
    if flags["sync_config"] and flags["git_path"]:
        raise ConfigInvalid(
            "--git-path and --sync-config exclude each other: the file says the paths of each "
            "repository"
        )
    url = "" if flags["sync_config"] else HERE
    name = flags["repository"] or ""
    given = {**NOT_ASKED, **flags, "git_url": url, "git_name": name if url else ""}
    role, _ = git_settings(given)
    if role is None:
        raise ConfigInvalid("no repository is named")
    found = [one for one in role.repositories if name in {"", one.name}]
    if len(found) == 1:
        return replace(role, repositories=(found[0],)), found[0]
    names = ", ".join(one.name for one in role.repositories)
    if found:
        raise ConfigInvalid(f"--sync-config has several repositories: say --repository ({names})")
    raise ConfigInvalid(f"--sync-config has no repository {name!r}: it has {names}")


def _written(preview: Preview, output: str) -> str:
    if output == "json":
        return as_json(preview)
    if output == "markdown":
        return as_markdown(preview)
    return as_text(preview, colour=sys.stdout.isatty())
