"""Asks git: addresses, logins and complaints of remotes, mirrors of them, commits read in place.

May be used by whoever takes something from git: `gitops` manifests, `charts`
charts. Knows neither; nothing is ever checked out, nothing of a repository runs.
"""
