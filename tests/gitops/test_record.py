"""The record of a repository in a ConfigMap: of two that write it, neither is overwritten."""

from dataclasses import replace
from pathlib import Path

import pytest

from helmward.errors import AccessDenied, Conflict, RecordBroken
from helmward.gitops.build import ObjectId
from helmward.gitops.codec import INVENTORY
from helmward.gitops.inventory import Item, Record
from helmward.gitops.record import LABELS, Records, record_name
from helmward.kube import Kube, load_config
from helmward.kube.resources import CONFIG_MAPS
from tests.support.plane import Plane
from tests.support.rights import kubeconfig_as

NAME = record_name("shop")


def a_record(count: int = 2, commit: str = "c0ffee") -> Record:
    ids = [
        ObjectId("apps", "Deployment", f"n{n % 99}", f"an-application-{n}") for n in range(count)
    ]
    items = (Item(one, "v1", "x", f"{hash(one) % 2**128:032x}", "f" * 32) for one in ids)
    return Record(commit, {"x": commit}, {item.id: item for item in items}, ("source",))


@pytest.fixture
def records(kube: Kube, namespace: str) -> Records:
    return Records(kube, namespace, "shop")


async def test_there_is_none_at_first(records: Records) -> None:
    assert await records.load() is None


async def test_what_was_saved_is_loaded(records: Records, kube: Kube, namespace: str) -> None:
    """By another process, too."""
    await records.load()
    await records.save(a_record())

    assert await Records(kube, namespace, "shop").load() == a_record()
    found = await kube.get(CONFIG_MAPS, NAME, namespace)
    assert found["metadata"]["labels"] == LABELS
    assert (found["data"]["commit"], found["data"]["objects"]) == ("c0ffee", "2")


async def test_what_is_unchanged_is_not_written(records: Records, kube: Kube) -> None:
    """A sync that changes nothing costs nothing."""
    await records.load()
    await records.save(a_record())
    before = kube.requests.copy()

    await records.save(a_record())

    assert kube.requests == before


async def test_who_writes_second_has_to_look_again(
    records: Records, kube: Kube, namespace: str
) -> None:
    """Else what the first has noted down would be nobody's."""
    other = Records(kube, namespace, "shop")
    await records.save(a_record(1))
    await other.load()
    await records.save(a_record(2))

    with pytest.raises(Conflict, match=f"ConfigMap {namespace}/{NAME} was written by another"):
        await other.save(a_record(3))

    assert await other.load() == a_record(2)
    await other.save(a_record(3))
    assert await Records(kube, namespace, "shop").load() == a_record(3)


async def test_of_two_that_begin_one_has_to_look_again(
    records: Records, kube: Kube, namespace: str
) -> None:
    other = Records(kube, namespace, "shop")
    assert await records.load() is await other.load() is None
    await records.save(a_record(1))

    with pytest.raises(Conflict):
        await other.save(a_record(2))


async def test_an_annotation_is_no_other_record(
    records: Records, kube: Kube, namespace: str
) -> None:
    """People ask for things by annotations; they stay, and nothing has to be read again."""
    await records.save(a_record(1))
    annotations = {"helmward.dev/approve-prune": "token"}
    await kube.patch(CONFIG_MAPS, NAME, namespace, {"metadata": {"annotations": annotations}})

    await records.save(a_record(2))

    found = await kube.get(CONFIG_MAPS, NAME, namespace)
    assert found["metadata"]["annotations"] == annotations
    assert found["data"]["objects"] == "2"


async def test_one_that_was_made_for_annotations_is_filled(
    records: Records, kube: Kube, namespace: str
) -> None:
    await kube.create(CONFIG_MAPS, {"metadata": {"name": NAME}}, namespace)

    assert await records.load() == Record()
    await records.save(a_record())
    assert await records.load() == a_record()


async def test_one_that_was_deleted_is_made_anew(
    records: Records, kube: Kube, namespace: str
) -> None:
    """Who has it in mind has lost nothing."""
    await records.save(a_record(1))
    await kube.delete(CONFIG_MAPS, NAME, namespace)

    await records.save(a_record(2))

    assert await Records(kube, namespace, "shop").load() == a_record(2)


async def test_twenty_thousand_objects_are_kept(
    records: Records, kube: Kube, namespace: str
) -> None:
    """The API server takes 1 MiB."""
    record = a_record(20_000)

    await records.save(record)

    assert await Records(kube, namespace, "shop").load() == record
    await records.save(replace(record, commit="beef"))


@pytest.mark.parametrize(
    "patch",
    [
        {"binaryData": {INVENTORY: "AAAA"}},
        {"binaryData": None},
        {"data": None},
        {"data": {"version": "9"}},
        {"data": {"objects": "1"}},
    ],
)
async def test_one_that_cannot_be_read_is_named(
    records: Records, kube: Kube, namespace: str, patch: dict[str, object]
) -> None:
    await records.save(a_record())
    await kube.patch(CONFIG_MAPS, NAME, namespace, patch)

    with pytest.raises(RecordBroken, match=f"^ConfigMap {namespace}/{NAME}: .*put back a copy"):
        await records.load()


async def test_who_may_not_read_it_knows_nothing(
    plane: Plane, namespace: str, tmp_path: Path
) -> None:
    """That is not the same as that there is none."""
    async with Kube(load_config(kubeconfig_as("nobody", plane.kubeconfig, tmp_path))) as poor:
        with pytest.raises(AccessDenied):
            await Records(poor, namespace, "shop").load()
