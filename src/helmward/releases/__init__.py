"""The Helm Operator role: one HelmRelease, one turn at a time.

`loop` takes a key and runs the turn: `desire` what is asked for, `observe`
what is there, `decide` one verb, `act` performs it, `report` tells. Policy
lives in `decide` alone.
"""
