"""Runs the app: logs set up, roles named in the first line, errors left to the door."""

import structlog

from helmward import __version__, app
from helmward.cli.shape import Exit
from helmward.logs import configure, redacted
from helmward.settings import Settings


async def serve(settings: Settings) -> int:
    """Serve the roles that the settings name until cancelled.

    Raises:
        ConfigInvalid: a flag or the kubeconfig is wrong.
        HelmwardError: the cluster or the engine cannot be used.
    """
    configure(settings.log_format, settings.log_level)
    log = structlog.get_logger().bind(component="cli")
    log.info("helmward starts", version=__version__, **_roles(settings))
    for note in settings.notes:
        log.warning(note)
    if settings.git is None:
        log.info("no --git-url: serving HelmReleases only, no git repository is followed")
    try:
        await app.run(settings)
    finally:
        log.info("helmward stops")
    return Exit.FINE


def _roles(settings: Settings) -> dict[str, object]:
    """Say which roles run, for the first line."""
    roles: dict[str, object] = {"listen": settings.web.listen}
    if settings.releases:
        roles["workers"] = settings.releases.workers
    if settings.git:
        roles["git_url"] = ", ".join(redacted(one.url) for one in settings.git.repositories)
    return roles
