"""`python bench/edits.py`: from the edit of a ConfigMap until its revision is deployed.

One HelmRelease takes its values from a ConfigMap. Edits of it are timed beside
the same change written into the HelmRelease itself, which is the baseline: what
is between the two is what seeing the edit of another object costs.
"""

import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
# Not this folder itself: its modules must not stand in for others of the same name.
if sys.path[0] == str(ROOT / "bench"):
    sys.path[0] = str(ROOT)

from bench.helmward_operator import Helmward, helmward  # noqa: E402
from bench.world import NAMESPACE, World, fresh_world  # noqa: E402
from helmward.apis import V1  # noqa: E402
from helmward.kube import PartialObject, decode_partial  # noqa: E402
from helmward.kube.resources import CONFIG_MAPS, SECRETS  # noqa: E402
from helmward.runtime.informer import EventType, Informer  # noqa: E402

EDITS: Final = 20
NAME: Final = "edited"
SOURCE: Final = "greetings"
PATIENCE: Final = 60.0
RESOURCE: Final = V1.resource
VALUES: Final = "values.yaml"

Write = Callable[[str], Awaitable[Any]]


class Revisions:
    """Follows the release's Secrets, and says when one is deployed."""

    def __init__(self, at: World) -> None:
        self._deployed = 0
        self._news = asyncio.Event()
        self.informer: Informer[PartialObject] = Informer(
            at.bench,
            SECRETS,
            decode=decode_partial,
            namespace=NAMESPACE,
            label_selector=f"owner=helm,name={NAME}",
            metadata_only=True,
        )
        self.informer.subscribe(self._changed)

    async def until(self, number: int) -> None:
        """Wait until a revision is deployed."""
        async with asyncio.timeout(PATIENCE):
            while self._deployed < number:
                self._news.clear()
                await self._news.wait()

    def _changed(self, _: EventType, _old: PartialObject | None, new: PartialObject | None) -> None:
        labels = new.metadata.labels if new else {}
        if labels.get("status") == "deployed":
            self._deployed = max(self._deployed, int(labels["version"]))
            self._news.set()


async def main() -> None:
    """Measure both kinds of edit in one run, and print them side by side."""
    print(f"{EDITS} edits of each kind on {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        await in_folder(Path(folder))


async def in_folder(folder: Path) -> None:
    """Run plane and operator there for the time of the measurement."""
    async with fresh_world(folder, print) as at, helmward(at) as operator:
        seen = Revisions(at)
        following = asyncio.create_task(seen.informer.run())
        try:
            await measure(at, operator, seen)
        finally:
            following.cancel()
            await asyncio.wait({following})


async def measure(at: World, operator: Helmward, seen: Revisions) -> None:
    """Install one release and edit what it is made from, one kind after the other."""

    async def in_config_map(greeting: str) -> None:
        document = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": SOURCE, "namespace": NAMESPACE},
            "data": {VALUES: f"greeting: {greeting}"},
        }
        await at.bench.apply(document, field_manager="bench", resource=CONFIG_MAPS)

    async def in_spec(greeting: str) -> None:
        await at.bench.apply(
            declared(at, {"greeting": greeting}), field_manager="bench", resource=RESOURCE
        )

    await in_config_map("hello")
    await at.bench.apply(declared(at, {}), field_manager="bench", resource=RESOURCE)
    await seen.until(1)
    by_reference = await timed(in_config_map, seen, 1)
    await at.idle(operator.pids)
    by_spec = await timed(in_spec, seen, 1 + EDITS)
    base = statistics.median(by_spec)
    print("| edited | median ms | least | most | x the HelmRelease |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for what, found in (("the HelmRelease", by_spec), ("a ConfigMap", by_reference)):
        middle = statistics.median(found)
        print(
            f"| {what} | {middle:.0f} | {min(found):.0f} | {max(found):.0f} | {middle / base:.2f} |"
        )


async def timed(write: Write, seen: Revisions, newest: int) -> list[float]:
    """Edit again and again, and return the milliseconds that each took to be deployed."""
    found = []
    for number in range(newest + 1, newest + 1 + EDITS):
        begun = perf_counter()
        await write(f"number {number}")
        await seen.until(number)
        found.append((perf_counter() - begun) * 1000)
    return found


def declared(at: World, values: dict[str, str]) -> dict[str, Any]:
    """Return the HelmRelease, with values of its own over those of the ConfigMap."""
    chart = {"repository": at.repository, "name": "bench", "version": "1.0.0"}
    spec = {
        "releaseName": NAME,
        "chart": chart,
        "values": values,
        "valuesFrom": [{"configMapKeyRef": {"name": SOURCE}}],
    }
    return {
        "apiVersion": RESOURCE.api_version,
        "kind": RESOURCE.kind,
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": spec,
    }


if __name__ == "__main__":
    asyncio.run(main())
