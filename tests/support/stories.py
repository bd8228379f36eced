"""What end-to-end stories read again and again: history, objects, annotations, requests."""

from helmward.errors import NotFound
from helmward.kube.resources import CONFIG_MAPS, SECRETS
from tests.support.operator import Releases
from tests.support.wait import until

REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
FORCE_AT = "reconcile.fluxcd.io/forceAt"


async def history(releases: Releases, release: str) -> list[str]:
    """Read `1 superseded`, `2 deployed`."""
    found = await releases.revisions(release)
    return [f"{one['version']} {one['info']['status']}" for one in found]


async def reaches(
    releases: Releases, release: str, wanted: list[str], *, within: float = 30.0
) -> None:
    """Wait until the history is this."""

    async def is_so() -> bool:
        return await history(releases, release) == wanted

    try:
        await until(is_so, within=within)
    except TimeoutError:
        raise AssertionError(await history(releases, release)) from None


async def described(releases: Releases, release: str) -> str:
    """Read the description of the newest revision."""
    return str((await releases.revisions(release))[-1]["info"]["description"])


async def noted(releases: Releases, release: str) -> dict[str, str]:
    """Read the annotations of the newest revision's Secret."""
    found = await releases.revisions(release)
    secret = await releases.secret(release, found[-1]["version"])
    return dict(secret["metadata"].get("annotations") or {})


async def colour(releases: Releases, release: str) -> str | None:
    """Read what the release's first ConfigMap says; None where there is none."""
    try:
        found = await releases.kube.get(CONFIG_MAPS, f"{release}-0", releases.namespace)
    except NotFound:
        return None
    data: dict[str, str] = found.get("data") or {}
    return data.get("colour")


async def asked_again(releases: Releases, name: str, token: str) -> None:
    """Ask for a look now, and wait until it was had."""
    await releases.annotate(name, **{REQUESTED_AT: token})

    async def had() -> bool:
        return bool((await releases.status(name)).get("lastHandledReconcileAt") == token)

    await until(had, within=30)


async def forget_history(releases: Releases, release: str) -> None:
    """Delete the release Secrets, and leave the objects."""
    selector = f"owner=helm,name={release}"
    found, _ = await releases.kube.list(SECRETS, releases.namespace, label_selector=selector)
    for one in found:
        await releases.kube.delete(SECRETS, one["metadata"]["name"], releases.namespace)
