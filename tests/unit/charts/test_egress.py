"""Which addresses lie below which prefix, however they are spelled."""

import pytest

from helmward.charts.egress import allows, for_engine, is_prefix, permit
from helmward.charts.urls import place_of, shown
from helmward.errors import SourceForbidden

SAME: list[tuple[str, str]] = [
    ("https://charts.example.com", "https://charts.example.com/"),
    ("https://charts.example.com/a", "https://charts.example.com/a/?x=1#y"),
    ("https://Charts.Example.com/a", "HTTPS://charts.example.com:443/a"),
    ("http://charts.example.com", "http://charts.example.com:80"),
    ("https://charts.example.com./a", "https://charts.example.com/a"),
    ("https://bob:x@charts.example.com/a", "https://charts.example.com/a"),
    ("https://charts.example.com/a/../b", "https://charts.example.com//./b"),
    ("https://charts.example.com/%61", "https://charts.example.com/a"),
    ("https://[::1]/a", "https://[0:0:0:0:0:0:0:1]:443/a"),
    ("git@git.example.com:shop/charts", "ssh://git@git.example.com:22/shop/charts"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling_does_not_matter(one: str, other: str) -> None:
    assert place_of(one) == place_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example.com", "http://a.example.com"),
        ("https://a.example.com", "https://a.example.com:8443"),
        ("https://a.example.com/A", "https://a.example.com/a"),
        ("https://a.example.com", "https://b.example.com"),
    ],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert place_of(one) != place_of(other)


OK = "https://ok.example.com/team"
TABLE: list[tuple[str, bool]] = [
    ("https://ok.example.com/team", True),
    ("https://ok.example.com/team/", True),
    ("https://ok.example.com/team/charts?x=1", True),
    ("https://OK.example.com:443/team/a", True),
    ("https://bob:pw@ok.example.com/team/a", True),
    ("https://ok.example.com/%74eam/a", True),
    ("https://ok.example.com/other/../team/a", True),
    ("https://ok.example.com/teams", False),
    ("https://ok.example.com/", False),
    ("https://ok.example.com/team/../other", False),
    ("https://ok.example.com/team/%2e%2e/other", False),
    ("https://ok.example.com/team/..%2fother", False),
    ("https://ok.example.com/Team/a", False),
    ("https://ok.example.com@evil.example.com/team", False),
    ("https://ok.example.com:x@evil.example.com/team", False),
    ("https://ok.example.com.evil.example.com/team", False),
    ("https://evil.example.com/https://ok.example.com/team", False),
    ("https://evil.example.com#@ok.example.com/team", False),
    ("https://evil.example.com?@ok.example.com/team", False),
    ("https://evil.example.com\\@ok.example.com/team", False),
    ("https://ok.example.com\\.evil.example.com/team", False),
    (" https://ok.example.com/team", False),
    ("https://ok.example.com/team\n", False),
    ("https://ok.example.com:8443/team", False),
    ("https://ok.example.com:99999/team", False),
    ("http://ok.example.com/team", False),
    ("ok.example.com/team", False),
    ("//ok.example.com/team", False),
    ("ssh://ok.example.com/team", False),
    ("git@ok.example.com:team", False),
    ("https://\u24de\u24da.example.com/team", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "allowed"), TABLE)
def test_a_prefix_ends_where_a_path_does(url: str, allowed: bool) -> None:
    assert allows(url, [OK]) is allowed
    assert allows(url, [OK + "/"]) is allowed


@pytest.mark.parametrize(
    ("prefix", "url", "allowed"),
    [
        ("https://[2001:db8::1]/", "https://[2001:DB8:0:0:0:0:0:1]:443/a", True),
        ("https://[2001:db8::1]/", "https://[2001:db8::2]/a", False),
        ("https://", "https://anything.example.com/a", True),
        ("https://", "http://anything.example.com/a", False),
        ("ssh://git.example.com/shop", "git@git.example.com:shop/charts", True),
        ("ssh://git.example.com/shop", "git@git.example.com:shopping", False),
        ("oci://registry.example.com/a", "oci://registry.example.com/a/b", True),
    ],
)
def test_prefixes_of_other_kinds(prefix: str, url: str, allowed: bool) -> None:
    assert allows(url, [prefix]) is allowed


LOCAL = [
    "http://127.0.0.1:8879/charts",
    "http://127.8.9.1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://x.localhost/",
    "http://[::1]:80/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://127.1/",
    "file:///etc/passwd",
    "/srv/charts.git",
    "git@localhost:charts",
]


@pytest.mark.parametrize("url", LOCAL)
def test_in_a_cluster_the_operators_own_machine_is_nobodys_source(url: str) -> None:
    with pytest.raises(SourceForbidden, match=r"^spec\.chart\.git: .*--allow-url"):
        permit("spec.chart.git", url, (), refuse_local=True)
    if "2130706433" not in url and "/0x7f" not in url and "/127.1/" not in url:
        permit("spec.chart.git", url, ())


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[fd00:ec2::254]/", "http://[fe80::1]/"]
)
def test_where_clouds_keep_secrets_nothing_is_asked(url: str) -> None:
    with pytest.raises(SourceForbidden, match="clouds keep secrets"):
        permit("spec.chart.repository", url, ())


def test_a_prefix_that_names_a_host_lets_it_be_local() -> None:
    url = "http://127.0.0.1:8879/charts"
    permit("f", url, ("http://127.0.0.1:8879/",), refuse_local=True)
    with pytest.raises(SourceForbidden):
        permit("f", url, ("http://",), refuse_local=True)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("https://r.example.com/v2/team/cart/manifests/1.0.0", True),
        ("http://r.example.com/v2/team/cart/tags/list", True),
        ("https://r.example.com/token?scope=x", True),
        ("https://r.example.com/v2/other/cart/manifests/1.0.0", False),
        ("https://r.example.com/v2/team/../other", False),
        ("https://r.example.com/team", False),
        ("https://charts.example.com/a", True),
    ],
)
def test_a_registry_is_asked_where_its_protocol_is(asked: str, allowed: bool) -> None:
    prefixes = for_engine(["oci://r.example.com/team", "https://charts.example.com"])
    assert allows(asked, prefixes) is allowed


def test_what_is_refused_is_shown_without_its_secrets() -> None:
    with pytest.raises(SourceForbidden) as caught:
        permit("spec.chart.git", "https://bob:hunter22@x.example.com/a?sig=tell", (OK,))
    assert str(caught.value).startswith("spec.chart.git: https://x.example.com/a is not among")
    assert "--allow-url" in str(caught.value)


def test_an_archive_in_the_spec_itself_asks_nobody() -> None:
    permit("f", "data:application/gzip;base64,AAAA", (OK,), refuse_local=True)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://charts.example.com/team/", True),
        ("https://", True),
        ("oci://registry.example.com", True),
        ("oci://", False),
        ("charts.example.com", False),
        ("https://bob@charts.example.com", False),
        ("https://charts.example.com?x", False),
        ("https://charts.example.com:x", False),
        ("", False),
    ],
)
def test_what_a_prefix_looks_like(text: str, good: bool) -> None:
    assert is_prefix(text) is good


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://bob:pw@x.example.com/a?b#c", "https://x.example.com/a"),
        ("https://x.example.com?sig=1", "https://x.example.com"),
        ("git@x.example.com:a", "x.example.com:a"),
        ("data:application/gzip;base64,AAAA", "data:..."),
    ],
)
def test_what_people_see_of_an_address(url: str, seen: str) -> None:
    assert shown(url) == seen
