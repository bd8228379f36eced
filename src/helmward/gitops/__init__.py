"""The Flux role: a commit in git, one sync at a time, becomes the cluster's content.

<<<<<<< HEAD
A turn reads from left to right: `source` fetches a commit, `tree` picks its
files, `build` reads them into manifests, `plan` puts these in order, `apply`
rehearses them and sends them to the API server, `live` finds what was changed
there by hand, `prune` says what goes that git no longer has, `remove` lets it
go, `record` keeps in mind what is ours, `report` tells of it; `loop` decides
when. `tree`, `build`, `plan`, `prune` and `takeover` are pure. Knows no
HelmRelease, except for the volumes that go with one: to this room it is one
more kind to apply.
=======
A sync reads from left to right: `source` fetches a commit, `verify` says
whether it may be applied, `building` makes manifests of each path, `paths`
keeps the last good ones, `union` makes one plan of all, `live` tells what
somebody has changed, `apply` rehearses and applies, `prune` decides what goes
and `remove` deletes it, `record` keeps in the cluster what is ours, `report`
tells of it, `board` shows it and hears what people ask. `loop` decides when;
`role` puts the parts together for each repository.

`union`, `plan`, `prune`, `account` and what is below them are pure. Knows no
HelmRelease but in `volumes`: to this room it is one more kind to apply.
>>>>>>> loop
"""
