"""An account as conditions: the two of the old operator and the three of kstatus.

Reasons of ChartFetched and Released are those of Helm Operator 0.10.1.
"""

from helmward.model import Account, Condition, Stage, Status

_FAILED = {"install": "HelmInstallFailed", "upgrade": "HelmUpgradeFailed"}


def conditions_of(account: Account) -> tuple[Condition, ...]:
    """Return every condition, also those that are False: `kubectl wait` needs them."""
    told = (_chart_fetched(account), _released(account))
    return (*(one for one in told if one), *_kstatus(account))


def _chart_fetched(account: Account) -> Condition | None:
    if account.chart_problem:
        return Condition("ChartFetched", "False", "RepoFetchFailed", account.chart_problem)
    if account.chart is None:
        return None
    note = f"; {account.chart.stale_reason}" if account.chart.stale_reason else ""
    return Condition("ChartFetched", "True", "RepoChartInCache", f"chart {account.chart}{note}")


def _released(account: Account) -> Condition | None:
    if account.stage is Stage.READY:
        return Condition("Released", "True", "HelmSuccess", account.message)
    if account.stage is Stage.WORKING:
        return Condition("Released", "Unknown", account.reason, account.message)
    if account.chart_problem and account.newest and account.newest.status is Status.DEPLOYED:
        return Condition("Released", "True", "HelmSuccess", _still(account))
    reason = _FAILED.get(account.action, account.reason)
    return Condition("Released", "False", reason, account.message)


def _still(account: Account) -> str:
    assert account.newest is not None  # noqa: S101  # the caller asked
    return f"revision {account.newest.number} stays in force"


def _kstatus(account: Account) -> tuple[Condition, ...]:
    stage, reason, message = account.stage, account.reason, account.message
    # kstatus: Reconciling while something is still done by itself, Stalled when not.
    moving = stage in {Stage.WORKING, Stage.WAITING}
    ready = {Stage.READY: "True", Stage.WORKING: "Unknown"}.get(stage, "False")
    return (
        Condition("Ready", ready, reason, message),
        Condition("Reconciling", _flag(moving), reason, message if moving else ""),
        Condition("Stalled", _flag(stage is Stage.STALLED), reason, _if(stage, message)),
    )


def _flag(value: bool) -> str:
    return "True" if value else "False"


def _if(stage: Stage, message: str) -> str:
    return message if stage is Stage.STALLED else ""
