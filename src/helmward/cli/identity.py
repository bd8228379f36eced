"""What `helmward identity` does: it tells the public part of the deploy key."""

from pathlib import Path
from typing import Any

import click

from helmward.cli.shape import Exit
from helmward.errors import NotFound
from helmward.git.keygen import public_key
from helmward.gitops.deploykey import DeployKey
from helmward.kube import Kube, load_config
from helmward.settings import DeployKeySettings


async def identity(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    regenerate: bool,
    **settings: Any,
) -> int:
    """Print the public key.

    Raises:
        NotFound: there is no key.
        HelmwardError: the cluster says no, or a key cannot be made.
    """
    config = load_config(str(kubeconfig) if kubeconfig else None, context)
    async with Kube(config) as kube:
        deploy_key = DeployKey(kube, namespace or config.namespace, DeployKeySettings(**settings))
        key = await (deploy_key.replaced() if regenerate else deploy_key.private())
    if not key:
        raise NotFound(
            f"{deploy_key} has no key: -r makes one; is --namespace where Helmward runs?"
        )
    click.echo(await public_key(key))
    return Exit.FINE
