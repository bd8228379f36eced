"""The whole of Helmward on one machine, told as it happens: `helmward demo`.

May hold the stage (chart repository, git repository, display) and the story.
Uses Helmward as anybody would, through `app.run` and the API server; whatever
it starts ends with it, and its folder goes away.
"""

from helmward.demo.story import play

__all__ = ["play"]
