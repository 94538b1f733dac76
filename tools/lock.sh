#!/bin/sh
# Makes requirements.lock (what runs) and requirements-dev.lock (the same and the tests) from pyproject.toml.
#   tools/lock.sh              keeps the versions that still fit; tools/lock.sh --upgrade takes the newest
# One file serves Python 3.11 to 3.13: `fewest` keeps one version of a package for all of them where it can,
# so that what is tested on one Python is what runs on the other. Hashes only, no addresses: where packages
# come from is the machine's pip configuration.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT
uv=$(command -v uv) || {
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" install -q uv
  uv=$scratch/venv/bin/uv
}
compile() {
  "$uv" pip compile -q --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
    --only-binary :all: --no-header --no-annotate --extra desktop --extra server "$@" pyproject.toml
}
compile --output-file requirements.lock "$@"
compile --group dev --constraint requirements.lock --output-file requirements-dev.lock "$@"
if grep -n '://' requirements.lock requirements-dev.lock; then
  echo "a lock names an address" >&2
  exit 1
fi
