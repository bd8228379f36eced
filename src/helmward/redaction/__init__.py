"""Keeps what came from Secrets out of everything that people read.

`taken` says which strings of a Secret count, `forms` how each may be written,
`redactor` finds and masks them. Pure; knows neither Kubernetes nor Helm. Who
composes values teaches `REDACTOR`, who words a log line, an event, a condition
or a diff asks it.
"""

from helmward.redaction.forms import MIN_LENGTH, forms
from helmward.redaction.redactor import MASK, Redactor
from helmward.redaction.taken import secrets_of, secrets_of_text

REDACTOR = Redactor()
"""What this process knows to be secret."""

__all__ = [
    "MASK",
    "MIN_LENGTH",
    "REDACTOR",
    "Redactor",
    "forms",
    "secrets_of",
    "secrets_of_text",
]
