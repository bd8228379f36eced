"""Flags of `helmward values`; `chart_flags` come on top of them."""

from typing import Final

import click

from helmward.cli.flags import all_of, flag, who_flags
from helmward.cli.words import NamespaceName

FORMS: Final = ("table", "yaml", "json")

values_flags = all_of(
    [
        flag(
            "HelmRelease",
            "--namespace",
            "-n",
            type=NamespaceName(),
            show_default="the kubeconfig's, else `default`",
            help="Namespace of the HelmRelease.",
        ),
        flag(
            "HelmRelease",
            "--api",
            type=click.Choice(["v1", "v1beta1"]),
            show_default="the one that has the name",
            help="Version of its API: helm.fluxcd.io/v1 or flux.weave.works/v1beta1.",
        ),
        flag(
            "HelmRelease",
            "--output",
            "-o",
            type=click.Choice(FORMS),
            default="table",
            help="A table, YAML with the sources as comments, or JSON.",
        ),
        flag(
            "HelmRelease",
            "--show-secrets",
            is_flag=True,
            help="Show what came from Secrets, which is masked otherwise.",
        ),
        *who_flags,
    ]
)
