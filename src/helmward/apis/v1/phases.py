"""Phases and conditions of `helm.fluxcd.io/v1`: Helm Operator 1.4's, with the real cause.

Called by `words`. The reason of a condition is the phase that set it; the message
is what happened, where the old operator had a fixed sentence.
"""

from collections.abc import Iterator
from typing import Final

from helmward.apis.conditions import FAILED, chart_words, is_deployed, told_before
from helmward.model import Account, Condition, Outcome, Stage, Told

PHASES: Final = (
    "ChartFetched",
    "ChartFetchFailed",
    "Installing",
    "Upgrading",
    "Deployed",
    "DeployFailed",
    "Testing",
    "TestFailed",
    "Tested",
    "Succeeded",
    "Failed",
    "RollingBack",
    "RolledBack",
    "RollbackFailed",
)
UNDER_WAY: Final = {
    "install": "Installing",
    "upgrade": "Upgrading",
    "rollback": "RollingBack",
    "test": "Testing",
}
GONE_WRONG: Final = {
    "install": "DeployFailed",
    "upgrade": "DeployFailed",
    "rollback": "RollbackFailed",
    "test": "TestFailed",
}
DEPLOYING: Final = frozenset({"install", "upgrade"})


def phase_of(account: Account, before: Told) -> str:
    """Return the old operator's word for the stage; what it had no word for changes nothing."""
    match account.stage:
        case Stage.READY:
            return "Succeeded"
        case Stage.WORKING:
            idle = before.phase or ("ChartFetched" if account.chart else "")
            return UNDER_WAY.get(account.action, idle)
        case Stage.SUSPENDED:
            return before.phase
        case _:
            return _failure(account)


def _failure(account: Account) -> str:
    if account.chart_problem:
        return "ChartFetchFailed"
    if account.rolled_back is Outcome.PASSED:
        return "RolledBack"
    if account.rolled_back is Outcome.FAILED:
        return "RollbackFailed"
    return GONE_WRONG.get(account.action, "Failed")


def conditions_of(account: Account, before: Told) -> Iterator[Condition | None]:
    """Return the five conditions of the old operator, None for what does not apply."""
    yield _chart_fetched(account)
    yield _deployed(account, before)
    yield _released(account)
    yield _rolled_back(account, before)
    yield _tested(account)


def _chart_fetched(account: Account) -> Condition | None:
    if account.chart_problem:
        return Condition("ChartFetched", "False", "ChartFetchFailed", account.chart_problem)
    if account.chart is None:
        return None
    return Condition("ChartFetched", "True", "ChartFetched", chart_words(account))


def _deployed(account: Account, before: Told) -> Condition | None:
    if account.stage is Stage.WORKING and account.action in DEPLOYING:
        return Condition("Deployed", "Unknown", UNDER_WAY[account.action], account.message)
    if account.stage in FAILED and _deploy_failed(account):
        return Condition("Deployed", "False", "DeployFailed", account.message)
    if is_deployed(account) and not _goes_back(account):
        return Condition("Deployed", "True", "Deployed", _deployed_words(account))
    return told_before(before, "Deployed") if account.newest else None


def _deploy_failed(account: Account) -> bool:
    """Tell whether what is asked for could not be deployed; tests may have failed instead."""
    return account.action in DEPLOYING or (_goes_back(account) and not _tests_failed(account))


def _goes_back(account: Account) -> bool:
    return account.action == "rollback" or account.rolled_back is not Outcome.NONE


def _tests_failed(account: Account) -> bool:
    return account.tested is Outcome.FAILED or account.action == "test"


def _deployed_words(account: Account) -> str:
    newest = account.newest
    return f"revision {newest.number} ({newest.chart}) is deployed" if newest else ""


def _released(account: Account) -> Condition:
    if account.stage is Stage.READY:
        return Condition("Released", "True", "Succeeded", account.message)
    if account.stage is Stage.WORKING:
        reason = UNDER_WAY.get(account.action, account.reason)
        return Condition("Released", "Unknown", reason, account.message)
    return Condition("Released", "False", _cause(account), account.message)


def _cause(account: Account) -> str:
    """Return the phase that failed, also when a rollback has followed it."""
    if account.chart_problem or not _goes_back(account):
        return _failure(account)
    return "TestFailed" if _tests_failed(account) else "DeployFailed"


def _rolled_back(account: Account, before: Told) -> Condition | None:
    """Tell of a rollback until the release is what is asked for."""
    if account.stage is Stage.READY:
        return None
    rolls = account.stage is Stage.WORKING and account.action == "rollback"
    if rolls or account.rolled_back is Outcome.RUNNING:
        return Condition("RolledBack", "Unknown", "RollingBack", account.message)
    if account.rolled_back is Outcome.PASSED:
        return Condition("RolledBack", "True", "RolledBack", account.message)
    if account.rolled_back is Outcome.FAILED or account.action == "rollback":
        return Condition("RolledBack", "False", "RollbackFailed", account.message)
    return told_before(before, "RolledBack")


def _tested(account: Account) -> Condition | None:
    runs = account.stage is Stage.WORKING and account.action == "test"
    if runs or account.tested is Outcome.RUNNING:
        return Condition("Tested", "Unknown", "Testing", account.message)
    failed = account.stage in FAILED and account.action == "test"
    if failed or account.tested is Outcome.FAILED:
        return Condition("Tested", "False", "TestFailed", account.message)
    if account.tested is Outcome.PASSED:
        return Condition("Tested", "True", "Tested", account.message)
    return None
