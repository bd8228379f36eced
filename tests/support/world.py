"""A whole namespace at one look: HelmReleases, histories, objects; and what is wrong with it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helmward.kube.resources import CONFIG_MAPS, SECRETS
from helmward.model import DIGEST, FAILED_DIGEST, OUTCOME, TESTED
from tests.support.operator import Releases, decoded
from tests.support.workloads import JOBS

GOOD = {"deployed", "superseded"}


@dataclass(frozen=True, slots=True)
class Stored:
    """One revision as storage holds it."""

    number: int
    status: str
    description: str
    values: Mapping[str, Any]
    annotations: Mapping[str, str]

    @property
    def outcome(self) -> str:
        """How it was ended from outside."""
        return self.annotations.get(OUTCOME, "")

    @property
    def digest(self) -> str:
        """What was asked for."""
        return self.annotations.get(DIGEST, "")

    @property
    def failed_digest(self) -> str:
        """Of a rollback: what had failed."""
        return self.annotations.get(FAILED_DIGEST, "")

    @property
    def tested(self) -> str:
        """How its tests ended; empty when they did not run."""
        return self.annotations.get(TESTED, "")

    @property
    def good(self) -> bool:
        """Whether nothing called for another revision of the same."""
        return self.status in GOOD and not self.outcome and self.tested != "failed"

    def __str__(self) -> str:
        words = f"{self.number} {self.status}"
        return f"{words}{f' ({self.outcome})' if self.outcome else ''}: {self.description}"


History = Sequence[Stored]


@dataclass(frozen=True, slots=True)
class World:
    """What a namespace holds."""

    resources: Mapping[str, Mapping[str, Any]]
    """HelmReleases by name."""
    histories: Mapping[str, History]
    """Revisions by release, the oldest first."""
    config_maps: Mapping[str, Mapping[str, Any]]
    """The data of ConfigMaps by name."""
    jobs: Mapping[str, bool]
    """Jobs by name, and whether each is done."""

    def objects(self, release: str) -> dict[str, Mapping[str, Any]]:
        """Return the ConfigMaps of a release, by what follows its name."""
        start = f"{release}-"
        return {
            name.removeprefix(start): data
            for name, data in self.config_maps.items()
            if name.startswith(start)
        }


async def look(releases: Releases) -> World:
    """Look at everything in the namespace."""
    kube, namespace = releases.kube, releases.namespace
    resources, _ = await kube.list(releases.resource, namespace)
    secrets, _ = await kube.list(SECRETS, namespace, label_selector="owner=helm")
    config_maps, _ = await kube.list(CONFIG_MAPS, namespace)
    jobs, _ = await kube.list(JOBS, namespace)
    histories: defaultdict[str, list[Stored]] = defaultdict(list)
    for secret in secrets:
        histories[secret["metadata"]["labels"]["name"]].append(stored(secret))
    for history in histories.values():
        history.sort(key=lambda one: one.number)
    return World(
        {one["metadata"]["name"]: one for one in resources},
        histories,
        {one["metadata"]["name"]: one.get("data", {}) for one in config_maps},
        {one["metadata"]["name"]: "completionTime" in one.get("status", {}) for one in jobs},
    )


def stored(secret: Mapping[str, Any]) -> Stored:
    """Read a release Secret."""
    release = decoded(dict(secret))
    return Stored(
        number=int(release["version"]),
        status=release["info"]["status"],
        description=release["info"].get("description", ""),
        values=release.get("config") or {},
        annotations=secret["metadata"].get("annotations") or {},
    )


def ready(resource: Mapping[str, Any]) -> bool:
    """Tell whether a HelmRelease is Ready in what it asks for now."""
    status = resource.get("status") or {}
    if status.get("observedGeneration") != resource["metadata"]["generation"]:
        return False
    conditions = status.get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def wrong_history(history: History) -> Iterator[str]:
    """Say what no history may look like once all is quiet."""
    if not history:
        yield "there is no history"
        return
    deployed = [one.number for one in history if one.status == "deployed"]
    if deployed != [history[-1].number]:
        yield f"deployed are {deployed}, the newest is {history[-1]}"
    for one in history:
        if one.status.startswith("pending-") or one.status in {"uninstalling", "unknown"}:
            yield f"left behind: {one}"
        if not one.description:
            yield f"no word on why: {one}"
    yield from unexplained(history)


def unexplained(history: History) -> Iterator[str]:
    """Say which revisions had no cause: neither news, nor a failure, nor a break."""
    for before, one in pairwise(history):
        if one.failed_digest:
            if before.good:
                yield f"nothing had failed before the rollback {one}"
        elif one.digest == before.digest and before.good:
            yield f"{one} repeats {before}"


def wrong_objects(
    world: World, release: str, values: Mapping[str, Any], *, objects: int = 1
) -> Iterator[str]:
    """Say how the objects of a release differ from what the values of `app` ask for."""
    wanted = {str(number) for number in range(values.get("objects", objects))}
    wanted |= set(values.get("extra", []))
    found = world.objects(release)
    if wanted != set(found):
        yield f"too many: {set(found) - wanted}, missing: {wanted - set(found)}"
    colour = values.get("colour", "blue")
    others = {name: data["colour"] for name, data in found.items() if "colour" in data}
    if wrong := {name: one for name, one in others.items() if one != colour}:
        yield f"not {colour}: {wrong}"
