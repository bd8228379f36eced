"""Manifests that commands write: Flux v1's `.flux.yaml`, where the settings let it count.

`recipe` reads the file, `layout` lays the commit out for the commands, `command`
runs one, `generate` does all of it. This is the only room in which a shell may run.
"""

from helmward.gitops.building.generated.generate import Generated
from helmward.gitops.building.generated.recipe import Recipe, find_recipe, read_recipe

__all__ = ["Generated", "Recipe", "find_recipe", "read_recipe"]
