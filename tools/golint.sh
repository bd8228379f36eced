#!/bin/sh
# gofmt and go vet over modules: golint.sh [--write] GO MODULE...
# With --write, gofmt rewrites the files and nothing is vetted.
set -eu
write=
if [ "$1" = --write ]; then
    write=yes
    shift
fi
go=$1
shift
gofmt=$("$go" env GOROOT)/bin/gofmt

if [ -n "$write" ]; then
    exec "$gofmt" -w "$@"
fi
unformatted=$("$gofmt" -l "$@")
if [ -n "$unformatted" ]; then
    printf 'not formatted (make format mends it):\n%s\n' "$unformatted" >&2
    exit 1
fi
# As tools/gobuild.py builds, so that what is compiled there serves here too.
export GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
for module in "$@"; do
    "$go" -C "$module" vet ./...
done
