"""Sync and the store, measured beside PouchDB and plain SQLite: `make bench-sync`."""
