-- Changes that the server took (outbox.py), kept for a while: a server that was put back from an
-- old backup is sent them again. `position` is the feed's, where the server put it.
CREATE TABLE sent (
  counter INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  position INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX sent_at ON sent (position);
-- What waits is sent kind by kind, each oldest first.
CREATE INDEX outbox_of_kind ON outbox (record_type, counter);
