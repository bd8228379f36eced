#!/bin/sh
# Makes the virtual environment $1 with uv $2 in it, by the newest Python that will do.
# Called by the Makefile; everything else is uv's.
set -eu
venv=$1
uv_version=$2

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for python in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python; do
        if fits "$python"; then
            echo "$python"
            return
        fi
    done
    echo "Helmward needs Python 3.11 or newer; found: $(python3 --version 2>&1 || true)." >&2
    echo "Install it (Debian: apt-get install python3.11 python3.11-venv)," >&2
    echo "or name one: make setup PYTHON=/path/to/python3.11" >&2
    return 1
}

if ! fits "$venv/bin/python"; then
    python=$(find_python)
    echo "virtual environment in $venv: $("$python" --version)"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "Python's venv module is incomplete; on Debian: apt-get install python3-venv" >&2
        exit 1
    fi
fi
rm -f "$venv"/.uv-* "$venv/.synced"
"$venv/bin/python" -m pip install --quiet "uv==$uv_version"
