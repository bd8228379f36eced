"""Opens documents that SOPS has encrypted, by the program `decrypt`.

Below everybody who reads documents: values, and files in git. The
program is started for each document and is handed the keys; it sees nothing
else of us. What was opened once is remembered, by the digest of what it was
opened from.
"""

from helmward.sops.decrypter import Decrypter
from helmward.sops.keys import Keys, read_keys
from helmward.sops.running import DecryptFailed

__all__ = ["DecryptFailed", "Decrypter", "Keys", "read_keys"]
