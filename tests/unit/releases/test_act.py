"""How a verb is to be performed, as far as that is told without performing it."""

import base64
from datetime import timedelta

from helmward.releases.act.drift import doubted
from helmward.releases.act.resume import resuming
from helmward.releases.awake.inventory import identity_of
from tests.support.builders import a_revision, options
from tests.support.drift import CONFIG, WEB

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ASKED = options(
    timeout=MINUTE, max_history=3, rollback={"timeout": HOUR, "disable_hooks": True, "wait": True}
)


def test_the_wait_of_an_upgrade_goes_on_as_that_was_to() -> None:
    goes_on = resuming(ASKED, a_revision(2, "pending-upgrade", phase="waiting"))

    assert (goes_on.timeout, goes_on.disable_hooks) == (MINUTE, False)
    assert (goes_on.wait, goes_on.max_history) == (True, 3)


def test_the_wait_of_a_rollback_goes_on_as_that_was_to() -> None:
    """Its own timeout, and no hooks where it was to run none."""
    pending = a_revision(3, "pending-rollback", rolled_back_from="asked", phase="waiting")
    goes_on = resuming(ASKED, pending)

    assert (goes_on.timeout, goes_on.disable_hooks) == (HOUR, True)
    assert goes_on.disable_openapi_validation, "as the rollback itself does"


def test_what_differs_is_marked_to_be_looked_at_after_a_restart() -> None:
    """The inventory was taken as the objects are, and one of them is not as it should be."""
    fields = b"fields"
    objects = packed(identity_of(WEB) + fields, identity_of(CONFIG) + fields)

    assert doubted(objects, [WEB]) == packed(
        identity_of(WEB) + b"\xff" * 6, identity_of(CONFIG) + fields
    )
    assert doubted(objects, []) == objects


def packed(*entries: bytes) -> str:
    return base64.urlsafe_b64encode(b"".join(entries)).decode().rstrip("=")
