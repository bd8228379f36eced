"""The file of --sync-config: several repositories, each with fields of its own.

May hold what turns that file into `RepositorySettings`: `fields` says what there
is, `reading` reads it strictly, `meaning` makes settings of it. Imported only
where the flag is given.
"""

from helmward.cli.sync_config.fields import SyncConfig
from helmward.cli.sync_config.meaning import read_sync_config

__all__ = ["SyncConfig", "read_sync_config"]
