"""Charts that must be signed: Helm's provenance, and cosign's signatures in a registry."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from helmward.errors import ChartUnverified, SourceUnavailable, SpecInvalid
from helmward.model import Access, Verification
from helmward.settings import EngineSettings
from tests.support.charts import CONFIG_MAP, ChartRepo
from tests.support.engines import Fetching, fetching
from tests.support.openpgp import PgpKey, provenance_of
from tests.support.registry import (
    BUNDLE,
    Key,
    Pushed,
    Registry,
    chart,
    message_bundle,
    new_key,
    public_pem,
    refer,
    sign_by_tag,
    simple_payload,
    statement_bundle,
)
from tests.support.registry_front import Answer, Asked, Front

ONE = {"c.yaml": CONFIG_MAP}
PLAIN = Access(plain_http=True)
AGES = 3600.0
APP = "charts/app"
ADA, BOB = PgpKey("Ada <ada@example.com>"), PgpKey("Bob <bob@example.com>")
KEY, OTHER = new_key(), new_key()

Sign = Callable[[Registry, Pushed, Key], Any]


def by_cosign(*keys: Key) -> Verification:
    return Verification("cosign", tuple(public_pem(one) for one in keys))


def by_provenance(*keys: bytes) -> Verification:
    return Verification("provenance", keys)


# --- Provenance ---------------------------------------------------------------


@pytest.mark.parametrize("ring", [ADA.keyring, ADA.armoured, BOB.armoured + ADA.armoured])
async def test_a_provenance_file_in_a_registry_names_its_signer(
    web: Fetching, registry: Registry, tmp_path: Path, ring: bytes
) -> None:
    """Keyrings are binary or armoured, one or several in a file."""
    archive = chart(tmp_path)
    registry.push(archive, provenance=provenance_of(archive, ADA))
    found = await web.pull(
        registry.url, "app", "1.0.0", access=PLAIN, verification=by_provenance(ring)
    )
    assert found.signed_by == f"Ada <ada@example.com> {ADA.fingerprint}"


def tampered(archive: Path) -> bytes:
    return provenance_of(archive, ADA).replace(b"version: 1.0.0", b"version: 6.6.6")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: b"", "has no provenance file"),
        (lambda archive: provenance_of(archive, BOB), "a key that is not among those given"),
        (lambda archive: provenance_of(archive, ADA, digest="0" * 64), "sha256 sum does not match"),
        (lambda archive: provenance_of(archive, ADA, name="b-1.tgz"), "does not contain a SHA"),
        (tampered, "not verified by its provenance file"),
        (lambda _: b"Ada says it is fine", "signature block not found"),
    ],
    ids=["none", "another key", "another archive", "another name", "tampered", "no signature"],
)
async def test_a_provenance_file_that_does_not_do_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path, make: Callable[[Path], bytes], words: str
) -> None:
    archive = chart(tmp_path)
    registry.push(archive, provenance=make(archive))
    wanted = by_provenance(ADA.keyring)
    for _ in range(2):
        with pytest.raises(ChartUnverified, match=words):
            await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=wanted)


async def test_a_provenance_file_beside_an_archive_is_checked(
    web: Fetching, repo: ChartRepo
) -> None:
    archive = repo.add("app", "1.0.0", ONE)
    beside = archive.with_name(archive.name + ".prov")
    beside.write_bytes(provenance_of(archive, ADA))
    found = await web.pull(repo.url, "app", "1.0.0", verification=by_provenance(ADA.keyring))
    assert ADA.fingerprint in found.signed_by
    with pytest.raises(ChartUnverified, match="not among those given"):
        await web.pull(repo.url, "app", "1.0.0", age=AGES, verification=by_provenance(BOB.keyring))
    beside.unlink()
    repo.add("app", "1.1.0", ONE)
    with pytest.raises(ChartUnverified, match=r"app-1\.1\.0\.tgz"):
        await web.pull(repo.url, "app", "1.1.0", verification=by_provenance(ADA.keyring))


@pytest.mark.parametrize("ring", [b"", b"no ring", public_pem(KEY)], ids=["empty", "text", "pem"])
async def test_a_keyring_that_is_none_is_named(
    web: Fetching, registry: Registry, tmp_path: Path, ring: bytes
) -> None:
    archive = chart(tmp_path)
    registry.push(archive, provenance=provenance_of(archive, ADA))
    with pytest.raises(ChartUnverified, match=r"cannot be verified: (key 1 of the keys|no key)"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=by_provenance(ring))


# --- cosign -------------------------------------------------------------------


def in_a_tag(registry: Registry, pushed: Pushed, key: Key) -> None:
    sign_by_tag(registry, APP, pushed, key)


def in_a_message(registry: Registry, pushed: Pushed, key: Key) -> None:
    refer(registry, APP, pushed, message_bundle(pushed, key))


def in_a_statement(registry: Registry, pushed: Pushed, key: Key) -> None:
    refer(registry, APP, pushed, statement_bundle(pushed, key))


WAYS = [in_a_tag, in_a_message, in_a_statement]
KEYS: list[Key] = [
    KEY,
    ec.generate_private_key(ec.SECP384R1()),
    ed25519.Ed25519PrivateKey.generate(),
    rsa.generate_private_key(65537, 2048),
]


@pytest.mark.parametrize("key", KEYS, ids=["p256", "p384", "ed25519", "rsa"])
@pytest.mark.parametrize("sign", WAYS)
async def test_a_signature_by_one_of_the_keys_is_enough(
    web: Fetching, registry: Registry, tmp_path: Path, sign: Sign, key: Key
) -> None:
    sign(registry, registry.push(chart(tmp_path)), key)
    found = await web.pull(
        registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(OTHER, key)
    )
    assert found.signed_by.startswith("SHA256:")


@pytest.mark.parametrize("sign", WAYS)
async def test_a_signature_by_another_key_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path, sign: Sign
) -> None:
    """Also once the chart is in the store, and was good for others."""
    pushed = registry.push(chart(tmp_path))
    sign(registry, pushed, KEY)
    await web.pull(registry.url, "app", "1.0.0", access=PLAIN)
    await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY))
    with pytest.raises(ChartUnverified, match=r"looked at 1\).*a key that is not among") as caught:
        await web.pull(
            registry.url, "app", "1.0.0", age=AGES, access=PLAIN, verification=by_cosign(OTHER)
        )
    assert f"{registry.host}/charts/app" in str(caught.value)
    assert pushed.digest in str(caught.value)


async def test_a_chart_without_signature_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    pushed = registry.push(chart(tmp_path))
    wanted = by_cosign(KEY)
    with pytest.raises(ChartUnverified, match=f"{pushed.digest} has no cosign signature"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=wanted)
    in_a_tag(registry, pushed, KEY)
    assert (
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=wanted)
    ).signed_by


@pytest.mark.parametrize("sign", WAYS)
async def test_the_signature_of_another_manifest_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path, sign: Sign
) -> None:
    """Somebody with rights to push moves a good signature beside a bad chart."""
    good = registry.push(chart(tmp_path, "0.9.0"))
    bad = registry.push(chart(tmp_path, "1.0.0"))
    moved = Pushed(bad.digest, bad.content)
    if sign is in_a_tag:
        sign_by_tag(registry, APP, moved, KEY, payload=simple_payload(good.digest))
    else:
        make = message_bundle if sign is in_a_message else statement_bundle
        refer(registry, APP, moved, make(good, KEY))
    with pytest.raises(ChartUnverified, match="it signs another manifest"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY))


async def test_a_payload_that_was_changed_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    pushed = registry.push(chart(tmp_path))
    other = simple_payload("sha256:" + "0" * 64)
    sign_by_tag(registry, APP, pushed, KEY, payload=other, sent=simple_payload(pushed.digest))
    with pytest.raises(ChartUnverified, match="a key that is not among those given"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY))


async def test_a_report_on_a_chart_is_no_signature_of_it(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    """A scanner's findings may be signed by the same key, and refer to the same chart."""
    pushed = registry.push(chart(tmp_path))
    report = statement_bundle(pushed, KEY, kind="https://cosign.sigstore.dev/attestation/vuln/v1")
    refer(registry, APP, pushed, report)
    with pytest.raises(ChartUnverified, match="a statement of another kind"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY))


async def test_registries_that_list_referrers_are_asked(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    pushed = registry.push(chart(tmp_path))
    referrer = refer(registry, APP, pushed, message_bundle(pushed, KEY))
    registry.ask("DELETE", f"/v2/{APP}/manifests/{pushed.tag}", wanted=202)
    listed = {"manifests": [{**referrer.described, "artifactType": BUNDLE}]}

    def lists(asked: Asked) -> Answer | None:
        if f"/referrers/{pushed.digest}" not in asked.path:
            return None
        kind = {"Content-Type": "application/vnd.oci.image.index.v1+json"}
        return Answer(body=json.dumps({"schemaVersion": 2, **listed}).encode(), headers=kind)

    with Front(registry, lists) as front:
        found = await web.pull(front.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY))
    assert found.signed_by


async def test_a_tag_that_moves_is_verified_anew(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    """What has passed is the manifest, not its name."""
    in_a_tag(registry, registry.push(chart(tmp_path)), KEY)
    wanted = by_cosign(KEY)
    await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=wanted)
    registry.push(chart(tmp_path, greeting="evil"))
    with pytest.raises(ChartUnverified, match="has no cosign signature"):
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=wanted)


async def test_what_has_passed_is_served_while_the_registry_is_down(
    registry: Registry, tmp_path: Path
) -> None:
    """Also by a new process; what has not passed is not served unverified."""
    in_a_tag(registry, registry.push(chart(tmp_path)), KEY)
    async with fetching(EngineSettings(cache=tmp_path / "cache")) as web:
        await web.pull(registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY))
        registry.stop()
        for _ in range(2):
            kept = await web.pull(
                registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(KEY)
            )
            assert kept.signed_by
            assert kept.stale_reason
            with pytest.raises(SourceUnavailable):
                await web.pull(
                    registry.url, "app", "1.0.0", access=PLAIN, verification=by_cosign(OTHER)
                )
            await web.restart()
        registry.start()


@pytest.mark.parametrize("pem", [b"", b"no key", ADA.armoured], ids=["empty", "text", "openpgp"])
async def test_a_public_key_that_is_none_is_named(
    web: Fetching, registry: Registry, tmp_path: Path, pem: bytes
) -> None:
    registry.push(chart(tmp_path))
    with pytest.raises(ChartUnverified, match="key 1 of the keys cannot be used for cosign"):
        await web.pull(
            registry.url, "app", "1.0.0", access=PLAIN, verification=Verification("cosign", (pem,))
        )


async def test_cosign_needs_a_registry(web: Fetching, repo: ChartRepo) -> None:
    repo.add("app", "1.0.0", ONE)
    with pytest.raises(SpecInvalid, match=r"cosign signatures are those of registries \(oci://\)"):
        await web.pull(repo.url, "app", "1.0.0", verification=by_cosign(KEY))


async def test_a_provider_that_is_none_is_refused(
    web: Fetching, registry: Registry, tmp_path: Path
) -> None:
    registry.push(chart(tmp_path))
    with pytest.raises(SpecInvalid, match='by "provenance" or by "cosign", not by "notation"'):
        await web.pull(
            registry.url, "app", "1.0.0", access=PLAIN, verification=Verification("notation", ())
        )
