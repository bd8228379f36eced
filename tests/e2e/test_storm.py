"""Random stories of one HelmRelease, against the real engine on a real control plane.

The same is held against the rules alone in `unit/releases/test_decide_world`.
What must hold whatever happens: nothing stays stuck, every revision has its
cause and no cause has two, and in a healthy world the release is Ready.
"""

import os
import secrets
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helmward.apis import V1, V1BETA1
from helmward.kube import Kube
from helmward.model import PHASE
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, install_crds, running, settings_for
from tests.support.plane import Plane
from tests.support.processes import children
from tests.support.stories import described, history, noted
from tests.support.storm import (
    ILL,
    Chart,
    Crash,
    Delete,
    Force,
    Outage,
    Reapply,
    Request,
    Rest,
    Restart,
    Spec,
    Storm,
    Suspend,
    Tamper,
)
from tests.support.wait import until

EXAMPLES, STEPS = 25, 8
COLOURS = st.sampled_from(["red", "green", "blue"])
FATES = st.one_of(st.just("well"), st.sampled_from(sorted(ILL)))
MOMENTS = st.integers(1, 8)
"""Which of the phases that an action goes through is the last."""

spec = st.builds(Spec, COLOURS, FATES, st.sampled_from(["1.0.0", "1.1.0"]), st.booleans())
crash, restart = st.builds(Crash, MOMENTS), st.builds(Restart, MOMENTS)
other = st.sampled_from(
    [
        *(Rest(), Chart(), Delete(), Force(), Outage(), Reapply(), Request(), Suspend()),
        *(Tamper("upgrade"), Tamper("uninstall")),
    ]
)
step = st.one_of(spec, spec, st.one_of(crash, restart), other)
beta = st.fixed_dictionaries({}, optional={"rollback": st.just({"enable": True})})
stable = st.fixed_dictionaries(
    {"wait": st.booleans()},
    optional={
        "rollback": st.sampled_from(
            [{"enable": True}, {"enable": True, "retry": True, "maxRetries": 1}]
        ),
        "test": st.sampled_from([{"enable": True}, {"enable": True, "ignoreFailures": True}]),
    },
)
served = st.one_of(
    st.tuples(st.just(V1BETA1), beta),
    st.tuples(st.just(V1), stable),
    st.tuples(st.just(V1), stable),
)


@pytest.mark.timeout(600)
@given(
    served=served,
    volume=st.sampled_from(["", "", "keep", "delete"]),
    story=st.lists(step, min_size=STEPS // 2, max_size=STEPS + STEPS // 2),
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=False,
    print_blob=True,
    database=None,
    report_multiple_bugs=False,
    # Each example takes seconds: nobody waits for a smaller one.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large
    ],
)  # fmt: skip
async def test_whatever_happens_a_release_comes_back(  # noqa: PLR0913, PLR0917  # chance has as many parts
    plane: Plane,
    kube: Kube,
    namespace: str,
    repo: ChartRepo,
    served: Any,
    volume: str,
    story: list[Any],
) -> None:
    """Never stuck, never a revision without a cause, never two for one, Ready in the end."""
    await install_crds(kube)
    generation, options = served
    releases = Releases(kube, namespace, repo.url, resource=generation.resource).of("app")
    storm = Storm(
        plane, repo, releases, f"web-{secrets.token_hex(3)}", dict(options), volume=volume
    )
    await storm.tell(story)


async def test_a_wait_that_outlives_its_engine_keeps_its_cause(
    plane: Plane, releases: Releases
) -> None:
    """Found by chance: the revision told who went on with it, not why it had been made."""
    v1 = releases.of("app", resource=V1.resource)
    release = f"{v1.namespace}-web"
    pods = {"workload": True, "pods": {"ready-after": "4s"}}

    async def waits() -> bool:
        found = await history(v1, release)
        return bool(found) and (await noted(v1, release)).get(PHASE) == "waiting"

    async with running(settings_for(plane.kubeconfig)):
        await v1.apply("web", wait=True, values=pods)
        await until(waits, within=20)
        for engine in children(os.getpid(), "engine"):
            os.kill(engine, signal.SIGKILL)
        await v1.ready("web")
        assert await history(v1, release) == ["1 deployed"]
        assert await described(v1, release) == "install app-1.0.0"
        await v1.clear()
