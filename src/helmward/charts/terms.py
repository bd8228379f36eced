"""On which terms a chart is asked for: policy, Secret and annotations put together. Pure.

Called by `pull`. A HelmRelease may ask for more care than its policy, and for
less only where the policy lets it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from helmward.charts.policy import Policy
from helmward.charts.urls import scheme_of
from helmward.errors import SpecInvalid
from helmward.model import (
    PASS_CREDENTIALS,
    PLAIN_HTTP,
    SKIP_TLS_VERIFY,
    VERIFY,
    VERIFY_KEYS,
    Access,
    ChartRef,
    SourceOptions,
    Verification,
)

LOOSE: Final[Mapping[str, str]] = {
    "plain_http": PLAIN_HTTP,
    "skip_tls_verify": SKIP_TLS_VERIFY,
    "pass_credentials": PASS_CREDENTIALS,
}
"""What loosens the transport: the name in an `Access`, and the annotation."""
SCHEMES: Final = ("http", "https", "oci", "data")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who must have signed, in the words of a HelmRelease."""

    provider: str = ""
    keys: tuple[bytes, ...] = ()


def problem_of(ref: ChartRef, *, plugins: bool = False) -> str:
    """Say what is wrong with the address of a reference and what mends it; empty: nothing."""
    scheme = scheme_of(ref.repository)
    if scheme not in SCHEMES and not (plugins and scheme and scheme != "file"):
        return (
            "spec.chart.repository: must be the URL of a Helm repository, such as "
            "https://charts.example.com, of a registry (oci://...) or of a chart's archive"
        )
    if scheme != "data" and ref.repository[len(scheme) :][:3] != "://":
        return f"spec.chart.repository: must begin with {scheme}://"
    return ""


def address_of(ref: ChartRef) -> str:
    """Return the address that policies are looked up by: in a registry each chart has its own."""
    if scheme_of(ref.repository) != "oci" or not ref.name:
        return ref.repository
    return f"{ref.repository.rstrip('/')}/{ref.name}"


def loosened(access: Access, source: SourceOptions, policy: Policy) -> Access:
    """Return the access with what policy and annotations say of the transport.

    Raises:
        SpecInvalid: the policy lets no HelmRelease say so; the message names what does.
    """
    if not policy.annotations:
        _refuse_loose(access, source, policy)
    wanted = {
        name: getattr(access, name) or getattr(source, name) or getattr(policy, name)
        for name in LOOSE
    }
    return replace(access, **wanted)


def _refuse_loose(access: Access, source: SourceOptions, policy: Policy) -> None:
    for name, annotation in LOOSE.items():
        where = ""
        if getattr(source, name):
            where = f"metadata.annotations[{annotation}]"
        elif getattr(access, name):
            where = "spec.chart.chartPullSecret"
        if where:
            what = name.replace("_", " ")
            raise SpecInvalid(
                f"{where}: the policy of {policy.url} forbids {what} here: take it away"
            )


def verifications(wanted: Wanted, policy: Policy) -> tuple[Verification | None, ...]:
    """Return who must have signed: each one is asked for by itself; (None,) is nobody.

    A key of a HelmRelease never takes the place of those of a policy.

    Raises:
        SpecInvalid: signatures are asked for, and there is no key to hold them against.
    """
    return tuple(_verifications(wanted, policy)) or (None,)


def _verifications(wanted: Wanted, policy: Policy) -> Iterator[Verification]:
    demanded = policy.verification
    if demanded:
        yield demanded
    if not wanted.provider or (
        demanded and demanded.provider == wanted.provider and not wanted.keys
    ):
        return
    if not wanted.keys:
        raise SpecInvalid(
            f"metadata.annotations[{VERIFY}]: there is no key to hold signatures against: name "
            f"the Secret with the public keys by {VERIFY_KEYS}"
        )
    yield Verification(wanted.provider, wanted.keys)
