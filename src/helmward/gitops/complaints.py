"""What git's complaints mean to the person who set the flags; pure.

Called by `source`, with words that hold no secret any more.
"""

import re
from typing import Final

_LONGEST: Final = 400

_HOST_KEY: Final = (
    "the SSH key of the host is not known, or has changed: put the right one (ssh-keyscan)"
    " into the file of --git-known-hosts"
)
_AUTHENTICATION: Final = (
    "authentication failed: --git-url needs a user and a password or token that may read"
    " the repository (https://user:token@host/path)"
)
_SSH_KEY: Final = "the server refuses us: may the key of --git-ssh-key read the repository?"
_MISSING: Final = "there is no such repository, or we may not see it: check --git-url"
_CERTIFICATE: Final = "its certificate is not trusted: name the authority's file in GIT_SSL_CAINFO"
_SILENT: Final = "it does not answer; it is tried again (--git-timeout bounds one try)"

_MEANINGS: Final = (
    (r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED", _HOST_KEY),
    (r"Permission denied \(|UNPROTECTED PRIVATE KEY|Load key", _SSH_KEY),
    (r"Authentication failed|could not read (Username|Password)|error: 40[13]", _AUTHENTICATION),
    (r"not found|does not appear to be a git repos|does not exist|error: 404", _MISSING),
    (r"Could not resolve host", "the name of its host cannot be resolved: check --git-url"),
    (r"certificate", _CERTIFICATE),
    (r"dubious ownership", "its folder belongs to another user"),
    (r"[Cc]onnection refused|timed out|Couldn't connect|Failed to connect|unreachable", _SILENT),
    (r"reset by peer|Connection closed|hung up|Empty reply|no answer within|error: 5", _SILENT),
)

_NOISE: Final = re.compile(
    r"^(Warning: Permanently added.*|Please make sure you have the correct access rights"
    r"|and the repository exists\.|fatal: Could not read from remote repository\.|@+|\s*)$"
)


def meaning(words: str) -> str:
    """Return the likely cause with its mending, then git's own words in brackets."""
    quoted = _quoted(words)
    cause = next((said for pattern, said in _MEANINGS if re.search(pattern, words)), "git failed")
    return f"{cause} (git: {quoted})" if quoted else cause


def _quoted(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if not _NOISE.match(line.strip())]
    return "; ".join(lines)[-_LONGEST:]
