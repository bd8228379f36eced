"""The Flux role: a commit in git, one sync at a time, becomes the cluster's content.

A turn reads from left to right: `source` fetches a commit, `tree` picks its
files, `build` reads them into manifests, `plan` puts these in order, `apply`
rehearses them and sends them to the API server, `live` finds what was changed
there by hand, `prune` says what goes that git no longer has, `remove` lets it
go, `record` keeps in mind what is ours, `report` tells of it; `loop` decides
when. `tree`, `build`, `plan`, `prune` and `takeover` are pure. Knows no
HelmRelease, except for the volumes that go with one: to this room it is one
more kind to apply.
"""
