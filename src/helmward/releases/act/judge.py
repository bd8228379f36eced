"""Judge: a look at what a HelmRelease depends on."""

from helmward.releases.act.hands import Hands, Task


async def judge(hands: Hands, task: Task) -> tuple[str, ...]:
    """Return what is not ready of what the status of HelmReleases does not tell of.

    Raises:
        SpecInvalid: an expression is broken.
    """
    assert hands.judges is not None  # noqa: S101  # the role has them
    return await hands.judges.judge(task.declared)
