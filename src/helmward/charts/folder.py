"""The folder that what was fetched is kept in, from one life of the operator to the next."""

import os
from pathlib import Path

import structlog

log = structlog.get_logger("helmward.charts")


def writable(folder: Path | None) -> Path | None:
    """Return a folder that is there and can be written; None, with a warning, if it cannot be.

    None stands for a private temporary one: what is kept there is fetched
    again after a restart, and nothing else is lost.
    """
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else "it may not be written"
    except OSError as error:
        why = error.strerror or str(error)
    if not why:
        return folder
    log.warning(
        "--engine-cache cannot be used: what is fetched is kept until the operator ends, "
        "and serves nothing after a restart while its source is down",
        folder=str(folder),
        why=why,
    )
    return None
