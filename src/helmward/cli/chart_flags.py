"""Flags about where charts and values come from, for those who serve HelmReleases.

Called by the commands and by the reference page, as `flags` is.
"""

from pathlib import Path
from typing import Final

import click

from helmward import settings
from helmward.cli.flags import FOLDER, all_of, flag
from helmward.cli.pflag import Switch
from helmward.cli.sizes import Size
from helmward.cli.sizes import show as show_size
from helmward.cli.words import Listed, ObjectNames, UrlPrefixes

SECTION: Final = "Charts and values"
IN_GIT: Final = "Charts in git"
_ANY_FILE: Final = click.Path(dir_okay=False, path_type=Path)
"""One whose absence is told later, in better words."""

chart_flags = all_of(
    [
        flag(
            SECTION,
            "--helm-repository-import",
            type=Listed(),
            metavar="v3:FILE",
            multiple=True,
            help="Helm's repositories.yaml, whose credentials count for charts of its "
            "repositories; may be given several times, or as a list with commas.",
        ),
        flag(
            SECTION,
            "--chart-policies",
            type=_ANY_FILE,
            help="YAML file that says, by the URL of a repository, who must have signed its "
            "charts and how it is spoken to.",
        ),
        flag(
            SECTION,
            "--allow-url",
            type=UrlPrefixes(),
            multiple=True,
            show_default="all of them",
            help="Beginning of the URLs that charts and values may come from; may be given "
            "several times, or as a list with commas.",
        ),
        flag(
            SECTION,
            "--engine-cache",
            type=FOLDER,
            show_default="$XDG_CACHE_HOME/helmward, else ~/.cache/helmward",
            help="Folder in which fetched charts, indexes and documents are kept.",
        ),
        flag(
            SECTION,
            "--engine-cache-size",
            type=Size(),
            default=show_size(settings.CACHE_SIZE),
            help="How large that folder may become; what was used last stays.",
        ),
        flag(
            SECTION,
            "--index-max-size",
            type=Size(),
            default=show_size(settings.LARGEST_INDEX),
            help="How large the index of a repository may be.",
        ),
        flag(
            SECTION,
            "--chart-max-size",
            type=Size(),
            default=show_size(settings.LARGEST_CHART),
            help="How large the archive of a chart may be.",
        ),
        flag(
            SECTION,
            "--helm-plugins",
            type=FOLDER,
            show_default="$HELM_PLUGINS, else none",
            help="Folder of Helm plugins whose downloaders fetch charts, as of s3://.",
        ),
        flag(
            SECTION,
            "--values-defaults",
            type=ObjectNames(),
            multiple=True,
            metavar="NAMESPACE/NAME",
            help="ConfigMap or Secret with values below those of every HelmRelease; may be given "
            "several times, or as a list with commas.",
        ),
        flag(
            IN_GIT,
            "--git-default-ref",
            default=settings.GIT_DEFAULT_REF,
            metavar="REF",
            help="Branch, tag or commit where a HelmRelease names none.",
        ),
        flag(
            IN_GIT,
            "--update-chart-deps",
            type=Switch(),
            default=True,
            metavar="[=BOOL]",
            help="Fetch the dependencies of charts in git, unless a HelmRelease says otherwise.",
        ),
    ]
)
