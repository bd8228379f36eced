"""Values below those of every HelmRelease, and what SOPS has encrypted."""

import json
from pathlib import Path

import pytest

from helmward.errors import AccessDenied, ConfigInvalid, ValuesInvalid, ValuesUnavailable
from helmward.model import ValuesSource
from helmward.redaction import MASK, Redactor
from helmward.sops import Keys, read_keys
from helmward.values import compose, keep_secret
from tests.support.shelf import Objects, Shelf, asking, chart_file, config_map, external, secret

ENTRY = "ops/defaults"


async def test_defaults_lie_below_all_sources() -> None:
    objects: Objects = {
        "ConfigMap ops/defaults": {"values.yaml": "a: 1\nb: 1\nc: 1"},
        "Secret ops/more": {"values.yaml": "b: 2\nc: 2"},
        "ConfigMap shop/a": {"values.yaml": "c: 3"},
    }
    found = await compose(
        asking(config_map()), Shelf(objects), defaults=("ops/defaults", "ops/more")
    )

    assert found.document == b'{"a":1,"b":2,"c":3}'
    assert found.origins == {
        ("a",): "--values-defaults ops/defaults",
        ("b",): "--values-defaults ops/more",
        ("c",): "spec.valuesFrom[0].configMapKeyRef",
    }
    assert found.hidden == {("b",)}


@pytest.mark.parametrize("objects", [{}, {"Secret ops/defaults": {"other": "a: 1"}}])
async def test_defaults_that_are_not_there_are_told_by_the_flag(objects: Objects) -> None:
    """Releases without them would come up wrong, all at once."""
    with pytest.raises(ValuesUnavailable) as caught:
        await compose(asking(), Shelf(objects), defaults=(ENTRY,))

    assert str(caught.value) == (
        "--values-defaults ops/defaults: there is no ConfigMap or Secret ops/defaults with the "
        "key values.yaml: create it, or take the flag away"
    )


async def test_errors_of_defaults_name_the_flag() -> None:
    denied: Objects = {"ConfigMap ops/defaults": AccessDenied("cannot get configmaps")}
    with pytest.raises(AccessDenied, match="--values-defaults ops/defaults: cannot get"):
        await compose(asking(), Shelf(denied), defaults=(ENTRY,))
    broken: Objects = {"ConfigMap ops/defaults": {"values.yaml": "- 1"}}
    with pytest.raises(ValuesInvalid, match=r"--values-defaults ops/defaults: .* it is a list"):
        await compose(asking(), Shelf(broken), defaults=(ENTRY,))


@pytest.mark.parametrize("entry", ["", "a", "/a", "a/", "a/b/c"])
async def test_an_entry_names_namespace_and_name(entry: str) -> None:
    with pytest.raises(ConfigInvalid, match="must be NAMESPACE/NAME"):
        await compose(asking(), Shelf(), defaults=(entry,))


ENCRYPTED = "db: ENC[x]\nopen: harmless\nsops: {mac: 'ENC[y]', version: 3.9.0}\n"
PLAIN = "db: hunter22\nopen: harmless\n"
SOPS = {ENCRYPTED.encode(): PLAIN}


@pytest.mark.parametrize("source", [config_map(), secret(), external(), chart_file()])
async def test_a_document_of_sops_is_decrypted_and_all_of_it_is_secret(
    source: ValuesSource,
) -> None:
    shelf = Shelf(
        {
            "ConfigMap shop/a": {"values.yaml": ENCRYPTED},
            "Secret shop/a": {"values.yaml": ENCRYPTED},
        },
        web={"https://example.com/v.yaml": ENCRYPTED},
        files={"prod.yaml": ENCRYPTED},
        plain={**SOPS},
    )
    redactor = Redactor()
    found = await compose(asking(source, values={"on": True}), shelf)
    await keep_secret("a", found, redactor)

    assert found.document == b'{"db":"hunter22","on":true,"open":"harmless"}'
    assert found.hidden == {("db",), ("open",)}
    assert redactor.mask("hunter22 harmless") == f"{MASK} {MASK}"
    assert shelf.asked[-1] == "decrypt yaml"


async def test_json_and_the_values_of_the_spec_are_decrypted_too() -> None:
    values = {"db": "ENC[x]", "sops": {"mac": "ENC[y]"}}
    text = json.dumps(values)
    shelf = Shelf({"ConfigMap shop/a": {"values.yaml": text}}, plain={text.encode(): '{"db":"p"}'})
    found = await compose(asking(config_map(), values=values), shelf)

    assert found.document == b'{"db":"p"}'
    assert found.hidden == {("db",)}
    assert found.origins == {("db",): "spec.values"}
    assert shelf.asked[-2:] == ["decrypt json", "decrypt json"]


async def test_a_document_that_cannot_be_decrypted_names_its_field_even_if_optional() -> None:
    """Silently other values would be worse."""
    shelf = Shelf({"ConfigMap shop/a": {"values.yaml": ENCRYPTED}})
    with pytest.raises(ValuesInvalid) as caught:
        await compose(asking(config_map(optional=True)), shelf)
    assert str(caught.value).startswith(
        "spec.valuesFrom[0].configMapKeyRef: is encrypted with SOPS"
    )
    with pytest.raises(ValuesInvalid, match=r"spec\.values: is encrypted with SOPS"):
        await compose(asking(values={"sops": {"mac": ""}}), Shelf())


@pytest.mark.parametrize("text", ["sops: {}", "sops: text", "sops: {enabled: true}"])
async def test_a_key_sops_alone_means_nothing(text: str) -> None:
    shelf = Shelf({"ConfigMap shop/a": {"values.yaml": text}})
    await compose(asking(config_map()), shelf)
    assert shelf.asked == ["ConfigMap shop/a"]


def test_keys_are_read_from_files_and_never_shown(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "age").write_text("AGE-SECRET-KEY-1HUNTER2\n")
    (folder / "empty").write_text("\n")
    keys = read_keys([folder / "age"], [])

    assert keys == Keys(age=(b"AGE-SECRET-KEY-1HUNTER2\n",))
    assert "HUNTER2" not in repr(keys)
    with pytest.raises(ConfigInvalid, match=r"--sops-pgp-key .*/absent: No such file"):
        read_keys([], [folder / "absent"])
    with pytest.raises(ConfigInvalid, match=r"--sops-age-key .*/empty: holds no key"):
        read_keys([folder / "empty"], [])
