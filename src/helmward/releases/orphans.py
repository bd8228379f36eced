"""HelmReleases that went without being let go: their releases go all the same.

A finalizer that is put on just while its resource is being deleted does not
keep it: the API server looks for finalizers before it deletes, not while. What
was installed meanwhile would be left behind for ever. `role` owns this.
"""

from collections.abc import Iterable
from dataclasses import replace

from helmward.apis.generation import FINALIZER
from helmward.model import ChartRef, Declared, Key, Revision

NO_CHART = ChartRef("", "", "")


class Orphans:
    """The HelmReleases that are gone and whose releases are not, yet."""

    def __init__(self) -> None:
        self._gone: dict[Key, Declared] = {}

    def get(self, key: Key) -> Declared | None:
        """Return a HelmRelease as it was last, to be treated as deleted."""
        return self._gone.get(key)

    def saw_last(self, declared: Declared) -> bool:
        """Take in the last state of a HelmRelease that went; true when it was not let go.

        Who takes the finalizer away by hand wants the release to stay, and does
        it either before the deletion or after it was asked for.
        """
        lost = FINALIZER in declared.finalizers and not declared.deleting
        if lost and not declared.commands.suspend:
            self._gone[declared.key] = replace(declared, deleting=True, gone=True)
            return True
        return False

    def read_off(self, newest: Iterable[Revision]) -> list[Key]:
        """Take in whose release was marked as an orphan by a process that then ended."""
        keys = []
        for one in newest:
            key = Key.of_owner(one.owner)
            if key and one.orphaned and key not in self._gone:
                self._gone[key] = _remembered(key, one)
                keys.append(key)
        return keys

    def let_go(self, key: Key) -> None:
        """Forget one: its release is gone, or there is a HelmRelease of its name again."""
        self._gone.pop(key, None)


def _remembered(key: Key, revision: Revision) -> Declared:
    """Return as much of a HelmRelease as an uninstall needs."""
    return Declared(
        key=key,
        uid=revision.orphaned,
        resource_version="",
        generation=0,
        created=None,
        deleting=True,
        finalizers=(FINALIZER,),
        release=revision.release,
        chart=NO_CHART,
        gone=True,
    )
