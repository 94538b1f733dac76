#!/bin/sh
# What `make bench-call` needs besides the tests' set-up: the packages of the dependency group
# `bench`, in a folder of their own so that the product's environment stays what its lock says.
set -eu
cd "$(dirname "$0")/.."
folder=.venv/bench-packages
if PYTHONPATH=$folder .venv/bin/python -c 'import pesq, pystoi, scipy' 2>/dev/null; then exit 0; fi
wanted=$(.venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"], sep="\n")')
report=$(mktemp)
trap 'rm -f "$report"' EXIT
# pesq comes as source: it needs a C compiler and Python's headers (Debian: gcc, python3-dev).
# numpy is there already, and nothing else is needed, so nothing is resolved.
# shellcheck disable=SC2086  # one word for each package
.venv/bin/python -m pip install -q --disable-pip-version-check --no-input --no-deps --target "$folder" $wanted >"$report" 2>&1 || {
  tail -n 15 "$report" >&2
  echo "set-up: the packages for measuring could not be installed (Debian: gcc, python3-dev)" >&2
  exit 1
}
