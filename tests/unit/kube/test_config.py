"""Finding the cluster: which place wins, and what an error names."""

import base64
import os
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from helmward.errors import ConfigInvalid
from helmward.kube import ClusterConfig, load_config, write_kubeconfig
from helmward.kube.credentials import ExecPlugin, Fixed, TokenFile, basic, bearer


def a_kubeconfig(  # noqa: PLR0913  # a kubeconfig has as many parts
    folder: Path,
    name: str = "config",
    *,
    server: str = "https://one:6443",
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    **top: Any,
) -> Path:
    document = {
        "current-context": "here",
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u"} | (context or {})},
            {"name": "there", "context": {"cluster": "c2", "user": "u"}},
        ],
        "clusters": [
            {"name": "c", "cluster": {"server": server} | (cluster or {})},
            {"name": "c2", "cluster": {"server": "https://two:6443"}},
        ],
        "users": [{"name": "u", "user": user or {}}],
    } | top
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document))
    return file


async def header(config: ClusterConfig) -> str:
    return await config.credentials.authorization()


def test_the_path_given_wins(tmp_path: Path) -> None:
    """A flag is stronger than the environment."""
    given = a_kubeconfig(tmp_path, "given", server="https://given:1")
    other = a_kubeconfig(tmp_path, "other")

    assert load_config(str(given), environ={"KUBECONFIG": str(other)}).server == "https://given:1"


def test_the_environment_wins_over_the_pod_and_home(tmp_path: Path) -> None:
    """As with kubectl."""
    environ = {
        "KUBECONFIG": str(a_kubeconfig(tmp_path, "env", server="https://env:1")),
        "HOME": str(tmp_path),
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
    }

    assert load_config(environ=environ).server == "https://env:1"


def a_service_account(folder: Path) -> Path:
    (folder / "token").write_text("pod-token\n")
    (folder / "namespace").write_text("team-a")
    (folder / "ca.crt").write_text("CA")
    return folder


async def test_a_pod_uses_its_own_account(tmp_path: Path) -> None:
    """Nothing has to be configured in the cluster."""
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    config = load_config(environ=environ, service_account=a_service_account(tmp_path))

    assert config.server == "https://[fd00::1]:6443"
    assert config.in_cluster
    assert config.namespace == "team-a"
    assert await header(config) == "Bearer pod-token"


def test_home_comes_last(tmp_path: Path) -> None:
    """A person at a terminal."""
    a_kubeconfig(tmp_path, ".kube/config", server="https://home:1")

    config = load_config(environ={"HOME": str(tmp_path)})
    assert (config.server, config.in_cluster) == ("https://home:1", False)


def test_no_cluster_at_all_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """The first thing that a new user may see."""
    with pytest.raises(ConfigInvalid, match="neither --kubeconfig nor"):
        load_config(environ={"HOME": str(tmp_path)})


def test_files_of_the_environment_are_merged_first_wins(tmp_path: Path) -> None:
    """Absent files are passed over, as kubectl does."""
    first = a_kubeconfig(tmp_path, "first", users=[])
    second = a_kubeconfig(tmp_path, "second", server="https://second:1", user={"token": "t"})
    listed = os.pathsep.join([str(tmp_path / "absent"), str(first), str(second)])

    assert load_config(environ={"KUBECONFIG": listed}).server == "https://one:6443"


def test_another_context_may_be_asked_for(tmp_path: Path) -> None:
    """Without writing into the file."""
    assert load_config(str(a_kubeconfig(tmp_path)), "there").server == "https://two:6443"


def test_the_namespace_is_that_of_the_context(tmp_path: Path) -> None:
    """It is the default of commands."""
    assert load_config(str(a_kubeconfig(tmp_path))).namespace == "default"
    file = a_kubeconfig(tmp_path, context={"namespace": "team-b"})
    assert load_config(str(file)).namespace == "team-b"


async def test_tokens_and_passwords(tmp_path: Path) -> None:
    """The plain ways to say who one is."""
    token = load_config(str(a_kubeconfig(tmp_path, user={"token": "t0k"})))
    password = load_config(str(a_kubeconfig(tmp_path, user={"username": "u", "password": "p"})))

    assert await header(token) == "Bearer t0k"
    assert await header(password) == "Basic " + base64.b64encode(b"u:p").decode()
    assert "t0k" not in repr(token)


async def test_a_token_file_beside_the_kubeconfig_is_read_again(tmp_path: Path) -> None:
    """Somebody renews it on disk while we run."""
    token = tmp_path / "token"
    token.write_text("one")
    config = load_config(str(a_kubeconfig(tmp_path, user={"tokenFile": "token"})))
    assert isinstance(config.credentials, TokenFile)
    now = 0.0
    config.credentials.clock = lambda: now

    assert await header(config) == "Bearer one"
    token.write_text("two")
    assert await header(config) == "Bearer one"
    now = 61.0
    assert await header(config) == "Bearer two"
    token.write_text("three")
    assert config.credentials.forget()
    assert await header(config) == "Bearer three"


def test_certificates_as_data_and_as_files(tmp_path: Path) -> None:
    """Paths start at the kubeconfig's folder."""
    (tmp_path / "ca.pem").write_text("FILE")
    data = base64.b64encode(b"DATA").decode()
    config = load_config(
        str(
            a_kubeconfig(
                tmp_path,
                cluster={
                    "certificate-authority": "ca.pem",
                    "tls-server-name": "kubernetes",
                    "insecure-skip-tls-verify": True,
                    "proxy-url": "http://proxy:3128",
                },
                user={"client-certificate-data": data, "client-key-data": data},
            )
        )
    )

    assert (config.ca, config.client_certificate, config.client_key) == (b"FILE", b"DATA", b"DATA")
    assert (config.tls_server_name, config.insecure) == ("kubernetes", True)
    assert config.proxy == "http://proxy:3128"


def test_acting_as_somebody_else(tmp_path: Path) -> None:
    """Ignoring `as` would act with more rights than asked for."""
    file = a_kubeconfig(tmp_path, user={"token": "t", "as": "jane", "as-groups": ["a", "b"]})

    assert load_config(str(file)).impersonate == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
    )


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"current-context": ""}, "current-context: is not set"),
        ({"current-context": 5}, "current-context: should be a str"),
        ({"current-context": "nowhere"}, 'contexts: has no entry named "nowhere"'),
        ({"clusters": []}, 'clusters: has no entry named "c"'),
        ({"users": []}, 'users: has no entry named "u"'),
        ({"server": "one:6443"}, r"clusters\[c\].cluster.server: should be an https"),
        (
            {"cluster": {"certificate-authority-data": "a"}},
            r"clusters\[c\].cluster.certificate-authority-data: is not base64",
        ),
        (
            {"cluster": {"certificate-authority": "absent.pem"}},
            r"clusters\[c\].cluster.certificate-authority: cannot read .*absent.pem: No such file",
        ),
        ({"cluster": {"insecure-skip-tls-verify": "yes"}}, "insecure-skip-tls-verify: should be"),
        ({"user": {"client-certificate-data": "YQ=="}}, "client-key belong together"),
        ({"user": {"auth-provider": {"name": "gcp"}}}, "auth-provider: was removed"),
        ({"user": {"exec": {"command": "x"}}}, r"exec.apiVersion: should be"),
        ({"user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}}, "exec.command"),
        ({"user": {"as-uid": "5"}}, "as-uid are not supported"),
    ],
)
def test_an_error_names_file_and_field(tmp_path: Path, parts: dict[str, Any], named: str) -> None:
    """Whoever reads it knows what to mend."""
    file = a_kubeconfig(tmp_path, **parts)

    with pytest.raises(ConfigInvalid, match=named) as caught:
        load_config(str(file))
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- a list", "\x00"])
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str) -> None:
    """It names the file and does not quote it: it may hold tokens."""
    file = tmp_path / "broken"
    file.write_text(text)

    with pytest.raises(ConfigInvalid, match="broken: is not"):
        load_config(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A typing error in the flag."""
    with pytest.raises(ConfigInvalid, match="cannot be read: No such file"):
        load_config(str(tmp_path / "absent"))


def test_a_broken_certificate_is_told_before_the_first_request(tmp_path: Path) -> None:
    """At the start, where somebody still watches."""
    data = base64.b64encode(b"-----BEGIN NONSENSE-----").decode()
    file = a_kubeconfig(tmp_path, cluster={"certificate-authority-data": data})

    with pytest.raises(ConfigInvalid, match="not valid PEM"):
        load_config(str(file)).ssl_context()


PLUGIN = """#!/bin/sh
echo run >> "$0.runs"
printf '{"kind":"ExecCredential","status":{"token":"%s-%s","expirationTimestamp":"%s"}}' \
    "$1" "$SUFFIX" "$UNTIL"
"""


def a_plugin(folder: Path, script: str = PLUGIN, until: str = "2100-01-01T00:00:00Z") -> Path:
    program = folder / "plugin"
    program.write_text(script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    env = [{"name": "SUFFIX", "value": "s"}, {"name": "UNTIL", "value": until}]
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin",
        "args": ["$(id) tok"],
        "env": env,
        "provideClusterInfo": True,
    }
    return a_kubeconfig(folder, user={"exec": plugin})


def runs(folder: Path) -> int:
    return len((folder / "plugin.runs").read_text().splitlines())


async def test_a_credential_plugin_runs_once_and_without_a_shell(tmp_path: Path) -> None:
    """Clouds need it; its arguments are not commands."""
    config = load_config(str(a_plugin(tmp_path)))

    assert await header(config) == await header(config) == "Bearer $(id) tok-s"
    assert runs(tmp_path) == 1
    assert isinstance(config.credentials, ExecPlugin)
    assert config.credentials.forget()
    await header(config)
    assert runs(tmp_path) == 2


async def test_an_expired_token_is_asked_for_anew(tmp_path: Path) -> None:
    """Before the server refuses it."""
    config = load_config(str(a_plugin(tmp_path, until="2020-01-01T00:00:00Z")))
    await header(config)
    await header(config)

    assert runs(tmp_path) == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\nexit 3", "failed with exit code 3"),
        ("#!/bin/sh\necho s3cret", "printed no token"),
        ("#!/nowhere\n", "cannot start the credential plugin"),
    ],
)
async def test_a_failing_plugin_is_named(tmp_path: Path, script: str, said: str) -> None:
    """And what it printed is not repeated."""
    config = load_config(str(a_plugin(tmp_path, script)))

    with pytest.raises(Exception, match=said) as caught:
        await header(config)
    assert "s3cret" not in str(caught.value)


def a_certificate() -> tuple[bytes, bytes]:
    """Return a certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "us")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    signed = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    written = key.private_bytes(serialization.Encoding.PEM, form, plain)
    return signed.public_bytes(serialization.Encoding.PEM), written


def test_a_client_certificate_is_shown_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python reads it from a file only, which must not stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    certificate, key = a_certificate()
    ClusterConfig("https://a", client_certificate=certificate, client_key=key).ssl_context()

    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigInvalid, match="not valid PEM"):
        ClusterConfig(
            "https://a", client_certificate=certificate, client_key=a_certificate()[1]
        ).ssl_context()


def test_an_address_given_takes_the_place_of_the_one_found(tmp_path: Path) -> None:
    """Who we are stays as it was."""
    file = a_kubeconfig(tmp_path, user={"token": "t"})

    config = load_config(str(file), server="https://other:6443")

    assert config.server == "https://other:6443"
    assert config.credentials == bearer("t")


def test_an_address_given_is_enough(tmp_path: Path) -> None:
    """Such as that of `kubectl proxy`."""
    config = load_config(server="http://127.0.0.1:8001", environ={"HOME": str(tmp_path)})

    assert config == ClusterConfig("http://127.0.0.1:8001")


def test_an_address_given_in_a_pod_keeps_the_pods_account(tmp_path: Path) -> None:
    for name, text in {"token": "t", "ca.crt": "ca", "namespace": "ops"}.items():
        (tmp_path / name).write_text(text)
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOME": str(tmp_path)}

    config = load_config(server="https://other:1", environ=environ, service_account=tmp_path)

    assert (config.server, config.namespace) == ("https://other:1", "ops")
    assert config.in_cluster
    assert isinstance(config.credentials, TokenFile)


@pytest.mark.parametrize(
    "credentials",
    [Fixed(), bearer("t"), basic("me", "pass:word"), TokenFile(Path("/run/token"))],
)
def test_a_cluster_handed_on_is_the_same_cluster(
    tmp_path: Path, credentials: Fixed | TokenFile
) -> None:
    """The engine must reach what we reach, as whom we reach it."""
    config = ClusterConfig(
        "https://one:6443",
        namespace="ops",
        credentials=credentials,
        ca=b"ca",
        client_certificate=b"certificate",
        client_key=b"key",
        tls_server_name="one",
        insecure=True,
        proxy="http://proxy:3128",
        impersonate=(("Impersonate-User", "ci"), ("Impersonate-Group", "dev")),
    )

    file = write_kubeconfig(config, tmp_path / "handed")

    assert load_config(str(file)) == config
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_plugin_handed_on_is_started_in_the_same_way(tmp_path: Path) -> None:
    plugin = ExecPlugin("/bin/login", ("--quiet",), {"HOME": "/x"})

    file = write_kubeconfig(ClusterConfig("https://one:6443", credentials=plugin), tmp_path / "k")

    read = load_config(str(file)).credentials
    assert isinstance(read, ExecPlugin)
    assert (read.command, read.args, read.env) == ("/bin/login", ("--quiet",), {"HOME": "/x"})
    written = yaml.safe_load(file.read_text())["users"][0]["user"]["exec"]
    assert written["interactiveMode"] == "Never"
