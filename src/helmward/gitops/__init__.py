"""The Flux role: a commit in git, one sync at a time, becomes the cluster's content.

A turn reads from left to right: `source` fetches a commit, `tree` picks its
files, `build` reads them into manifests, `plan` puts these in order, `apply`
rehearses them and sends them to the API server, `live` finds what was changed
there by hand, `report` tells of it; `loop` decides when. `tree`, `build`,
`plan` and `takeover` are pure. Knows no HelmRelease: to this room it is
one more kind to apply.

What is deleted from git stays in the cluster: nothing is pruned yet.
"""
