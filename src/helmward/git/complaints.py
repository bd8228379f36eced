"""What git's complaints mean to the person who gave address and keys; pure.

The words hold no secret any more.
"""

import re
from dataclasses import asdict, dataclass
from typing import Final

_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Told:
    """How the person tells us what a cause is about: flags, or fields and Secrets."""

    url: str
    login: str
    """A whole clause: what a user and password need, and where they belong."""
    key: str
    hosts: str
    """Where the right host key goes."""
    authority: str
    timeout: str


FLAGS: Final = Told(
    url="--git-url",
    login="--git-url needs a user and a password or token that may read the repository"
    " (https://user:token@host/path)",
    key="the key of --git-ssh-key",
    hosts="the file of --git-known-hosts",
    authority="GIT_SSL_CAINFO",
    timeout="--git-timeout",
)
"""Of the repository that is synced."""
FIELDS: Final = Told(
    url="spec.chart.git",
    login="spec.chart.secretRef needs a Secret with a username and a password or token that may"
    " read the repository",
    key="the key of spec.chart.secretRef (its entry `identity`), or the operator's own,",
    hosts="the Secret's entry `known_hosts`, or the operator's own known hosts",
    authority="the Secret's entry `ca.crt`",
    timeout="--git-timeout",
)
"""Of a repository that a chart comes from."""

_HOST_KEY: Final = (
    "the SSH key of the host is not known, or has changed: put the right one (ssh-keyscan)"
    " into {hosts}"
)
_AUTHENTICATION: Final = "authentication failed: {login}"
_SSH_KEY: Final = "the server refuses us: may {key} read the repository?"
_MISSING: Final = "there is no such repository, or we may not see it: check {url}"
_CERTIFICATE: Final = "its certificate is not trusted: name the authority's file in {authority}"
_SILENT: Final = "it does not answer; it is tried again ({timeout} bounds one try)"
_FULL: Final = "the disk is full where Helmward keeps its copy"
_GONE: Final = "it does not have that commit or ref, or no longer has it"
_LARGE: Final = "it sends more than Helmward keeps of one repository"
_ELSEWHERE: Final = "it sends us on to another address: write that address into {url}"

_MEANINGS: Final = (
    (r"No space left on device|Disk quota exceeded", _FULL),
    (r"File too large", _LARGE),
    (r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED", _HOST_KEY),
    (r"Permission denied \(|UNPROTECTED PRIVATE KEY|Load key", _SSH_KEY),
    (r"Authentication failed|could not read (Username|Password)|error: 40[13]", _AUTHENTICATION),
    (r"error: 30[1278]|update url base from redirection", _ELSEWHERE),
    (r"[Cc]ould not resolve host", "the name of its host cannot be resolved: check {url}"),
    (r"couldn't find remote ref|not our ref|unadvertised object", _GONE),
    (r"not found|does not appear to be a git repos|does not exist|error: 404", _MISSING),
    (r"certificate", _CERTIFICATE),
    (r"dubious ownership", "its folder belongs to another user"),
    (r"[Cc]onnection refused|timed out|Couldn't connect|Failed to connect|unreachable", _SILENT),
    (r"reset by peer|Connection closed|hung up|Empty reply|no answer within|error: 5", _SILENT),
)

_NOISE: Final = re.compile(
    r"^(Warning: Permanently added.*|Please make sure you have the correct access rights"
    r"|and the repository exists\.|fatal: Could not read from remote repository\.|@.*|\s*)$"
)


def meaning(words: str, told: Told = FLAGS) -> str:
    """Return the likely cause with its mending, then git's own words in brackets."""
    quoted = _quoted(words)
    found = (said for pattern, said in _MEANINGS if re.search(pattern, words))
    cause = next(found, "git failed").format_map(asdict(told))
    return f"{cause} (git: {quoted})" if quoted else cause


def _quoted(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if not _NOISE.match(line.strip())]
    return "; ".join(lines)[-_LONGEST:]
