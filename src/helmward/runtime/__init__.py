"""Informer, keyed queue, workers, Leases and events: Kubernetes, not Helm.

May hold whatever an operator of any kind needs. Knows no HelmRelease and no
policy; waiting lives here, and time comes from outside so that tests own it.
"""
