"""Policy, Secret and annotations put together."""

from dataclasses import replace
from typing import Any

import pytest

from helmward.charts.keys import is_key, keys_of
from helmward.charts.policy import FREE, Policy
from helmward.charts.terms import Wanted, address_of, loosened, problem_of, verifications
from helmward.errors import SpecInvalid
from helmward.model import ANYBODY, Access, ChartRef, SourceOptions, Verification
from tests.unit.charts.test_policy import COSIGN, PGP

STRICT = replace(FREE, url="https://charts.example.com", annotations=False)
SIGNED = Policy(url="https://charts.example.com", verification=Verification("cosign", (b"P",)))
PROVEN = Verification("provenance", (b"K",))
OWN = Verification("cosign", (b"K",))

LOOSE: list[tuple[Access, SourceOptions, Policy, tuple[bool, bool, bool]]] = [
    (ANYBODY, SourceOptions(), FREE, (False, False, False)),
    (ANYBODY, SourceOptions(plain_http=True), FREE, (True, False, False)),
    (Access(skip_tls_verify=True), SourceOptions(), FREE, (False, True, False)),
    (ANYBODY, SourceOptions(), replace(FREE, pass_credentials=True), (False, False, True)),
    (ANYBODY, SourceOptions(), replace(STRICT, skip_tls_verify=True), (False, True, False)),
]


@pytest.mark.parametrize(("access", "source", "policy", "loose"), LOOSE)
def test_what_loosens_the_transport_adds_up(
    access: Access, source: SourceOptions, policy: Policy, loose: tuple[bool, bool, bool]
) -> None:
    found = loosened(access, source, policy)
    assert (found.plain_http, found.skip_tls_verify, found.pass_credentials) == loose


@pytest.mark.parametrize(
    ("access", "source", "words"),
    [
        (ANYBODY, {"plain_http": True}, "metadata.annotations[helmward.dev/plain-http]"),
        (ANYBODY, {"skip_tls_verify": True}, "metadata.annotations[helmward.dev/skip-tls-verify]"),
        (ANYBODY, {"pass_credentials": True}, "metadata.annotations[helmward.dev/pass-cred"),
        (Access(skip_tls_verify=True), {}, "spec.chart.chartPullSecret"),
    ],
)
def test_a_policy_can_forbid_that(access: Access, source: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecInvalid) as caught:
        loosened(access, SourceOptions(**source), STRICT)
    assert str(caught.value).startswith(words)
    assert "the policy of https://charts.example.com forbids" in str(caught.value)


WHO: list[tuple[str, Wanted, Policy, tuple[Verification | None, ...]]] = [
    ("nobody", Wanted(), FREE, (None,)),
    ("who the release names", Wanted("provenance", (b"K",)), FREE, (PROVEN,)),
    ("who the policy names", Wanted(), SIGNED, (SIGNED.verification,)),
    ("by the keys of the policy", Wanted("cosign"), SIGNED, (SIGNED.verification,)),
    ("both, each by itself", Wanted("cosign", (b"K",)), SIGNED, (SIGNED.verification, OWN)),
    ("both kinds", Wanted("provenance", (b"K",)), SIGNED, (SIGNED.verification, PROVEN)),
]


@pytest.mark.parametrize(
    ("wanted", "policy", "found"), [r[1:] for r in WHO], ids=[r[0] for r in WHO]
)
def test_who_must_have_signed(
    wanted: Wanted, policy: Policy, found: tuple[Verification | None, ...]
) -> None:
    """A release adds to what its policy demands, its keys never take the place of others."""
    assert verifications(wanted, policy) == found


@pytest.mark.parametrize(("provider", "policy"), [("cosign", FREE), ("provenance", SIGNED)])
def test_signatures_need_keys(provider: str, policy: Policy) -> None:
    with pytest.raises(SpecInvalid, match="no key to hold signatures against: name the Secret"):
        verifications(Wanted(provider), policy)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://charts.example.com", True),
        ("http://charts.example.com", True),
        ("OCI://registry.example.com/charts", True),
        ("data:application/gzip;base64,AAAA", True),
        ("https://charts.example.com/cart-1.0.0.tgz", True),
        ("s3://bucket/charts", False),
        ("file:///etc", False),
        ("https:/charts.example.com", False),
        ("charts.example.com", False),
        ("", False),
    ],
)
def test_where_a_chart_may_come_from(url: str, good: bool) -> None:
    problem = problem_of(ChartRef(url, "cart", "1.0.0"))
    assert bool(problem) is not good
    assert good or problem.startswith("spec.chart.repository: must be")


def test_plugins_bring_more_schemes_but_never_files() -> None:
    assert problem_of(ChartRef("s3://bucket/charts", "cart", "1"), plugins=True) == ""
    assert problem_of(ChartRef("file:///etc", "cart", "1"), plugins=True)


def test_in_a_registry_each_chart_has_an_address_of_its_own() -> None:
    assert (
        address_of(ChartRef("oci://r.example.com/a/", "cart", "1")) == "oci://r.example.com/a/cart"
    )
    assert address_of(ChartRef("https://r.example.com/a", "cart", "1")) == "https://r.example.com/a"


def test_of_a_secret_the_public_keys_count() -> None:
    """`cosign generate-key-pair k8s://` puts the private one beside it."""
    held = {"cosign.key": b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----", "cosign.pub": COSIGN}
    assert keys_of(held | {"ring": PGP}, "cosign", "shop/keys") == (COSIGN,)
    assert keys_of(held | {"ring": PGP}, "provenance", "shop/keys") == (PGP,)
    with pytest.raises(SpecInvalid, match=r"verify-keys\]: Secret shop/keys holds no OpenPGP"):
        keys_of(held, "provenance", "shop/keys")


def test_a_binary_keyring_is_one() -> None:
    assert is_key("provenance", b"\x99\x01\x0d\x04")
    assert not is_key("provenance", b"hello")
    assert not is_key("provenance", b"")
