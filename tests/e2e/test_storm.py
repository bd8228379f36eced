"""Random stories of one HelmRelease, against the real engine on a real control plane.

The same is held against the rules alone in `unit/releases/test_decide_world`.
What must hold whatever happens: nothing stays stuck, every revision has its
cause and no cause has two, and in a healthy world the release is Ready.
"""

import secrets
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helmward.apis import V1, V1BETA1
from helmward.kube import Kube
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, install_crds
from tests.support.plane import Plane
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

EXAMPLES, STEPS = 25, 8
COLOURS = st.sampled_from(["red", "green", "blue"])
FATES = st.one_of(st.just("well"), st.sampled_from(sorted(ILL)))
MOMENTS = st.integers(1, 8)
"""Which of the phases that an action goes through is the last."""

step = st.one_of(
    st.builds(Spec, COLOURS, FATES, st.sampled_from(["1.0.0", "1.1.0"])),
    st.builds(Spec, COLOURS, FATES, st.just("1.0.0")),
    st.builds(Crash, MOMENTS),
    st.builds(Restart, MOMENTS),
    st.builds(Rest),
    st.builds(Chart),
    st.builds(Delete),
    st.builds(Force),
    st.builds(Outage),
    st.builds(Reapply),
    st.builds(Request),
    st.builds(Suspend),
    st.builds(Tamper, st.sampled_from(["upgrade", "uninstall"])),
)
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
