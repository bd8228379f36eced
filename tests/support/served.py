"""What the command line would have run with."""

from helmward.settings import Settings


class Served:
    """Stands in for the app: keeps the settings that it would have run with."""

    def __init__(self) -> None:
        self.settings: Settings | None = None

    def __call__(self, settings: Settings) -> None:
        self.settings = settings
