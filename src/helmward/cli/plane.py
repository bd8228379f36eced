"""What `helmward devplane` does: a control plane in the foreground."""

from pathlib import Path

import click

from helmward.cli.shape import Exit
from helmward.devplane import DevplaneFailed, running_plane
from helmward.errors import ClusterUnavailable


async def foreground(folder: Path, port: int) -> int:
    """Run a plane until cancelled, having said how to reach it.

    Raises:
        ClusterUnavailable: it did not start, or ended by itself.
    """
    click.echo("starting etcd, API server, controllers, scheduler and nodes ...", err=True)
    try:
        async with running_plane(folder, port=port) as plane:
            click.echo(f"Kubernetes {plane.version} is ready at {plane.server}", err=True)
            click.echo(f"export KUBECONFIG={plane.kubeconfig}")
            await plane.watch()
    except DevplaneFailed as error:
        raise ClusterUnavailable(str(error).replace("\n", "\n\n", 1)) from error
    return Exit.FINE
