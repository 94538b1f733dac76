#!/bin/sh
# The peer of `make bench-sync`: PouchDB with express-pouchdb, in a folder of its own under .venv,
# which is never committed. Without node or npm the rows say that there was no peer.
set -eu
cd "$(dirname "$0")/.."
folder=.venv/bench-pouchdb
if [ -d "$folder/node_modules/express-pouchdb" ]; then exit 0; fi
if ! command -v npm >/dev/null; then
  echo "bench-sync: no npm here, so PouchDB is not measured (Debian: nodejs, npm)" >&2
  exit 0
fi
mkdir -p "$folder"
cp bench/sync/peer/package.json "$folder/"
(cd "$folder" && npm install --silent --no-audit --no-fund) || {
  rm -rf "$folder"
  echo "bench-sync: PouchDB could not be installed, so it is not measured" >&2
}
