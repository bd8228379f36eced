"""Helmward: HelmReleases from git or kubectl become real Helm releases."""

__version__ = "0.1.0"
