"""The values that lie below those of every HelmRelease: `--values-defaults`.

Called by `compose`. An entry names a ConfigMap or a Secret, the ConfigMap
first; it has to be there, for nobody would notice otherwise.
"""

from typing import Final

from helmward.errors import ConfigInvalid
from helmward.model import SourceKind, ValuesSource

FLAG: Final = "--values-defaults"


def default_sources(entry: str) -> tuple[ValuesSource, ValuesSource]:
    """Return the ConfigMap and the Secret that an entry `NAMESPACE/NAME` may mean.

    Raises:
        ConfigInvalid: it is no such entry.
    """
    namespace, _, name = entry.partition("/")
    if not namespace or not name or "/" in name:
        raise ConfigInvalid(f'{FLAG} "{entry}": must be NAMESPACE/NAME of a ConfigMap or Secret')
    field = f"{FLAG} {entry}"
    return (
        ValuesSource(SourceKind.CONFIG_MAP, field, namespace, name),
        ValuesSource(SourceKind.SECRET, field, namespace, name),
    )
