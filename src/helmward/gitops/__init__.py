"""The Flux role: a commit in git, one sync at a time, becomes the cluster's content.

A sync reads from left to right: `source` fetches a commit, `verify` says
whether it may be applied, `building` makes manifests of each path, `paths`
keeps the last good ones, `union` makes one plan of all, `live` tells what
somebody has changed, `apply` rehearses and applies, `prune` decides what goes
and `remove` deletes it, `record` keeps in the cluster what is ours, `report`
tells of it, `board` shows it and hears what people ask. `loop` decides when;
`role` puts the parts together for each repository.

`union`, `plan`, `prune`, `account` and what is below them are pure. Knows no
HelmRelease but in `volumes`: to this room it is one more kind to apply.
"""
