-- Every measurement that arrived here and may be somebody's (measurements.py): what waits for a
-- person, and of what was decided upon only how it is known again. `same_key` is equal for two
-- tellings of one measurement, `like_key` for equal values of one instrument.
CREATE TABLE measurements (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  place TEXT NOT NULL,
  why TEXT NOT NULL,
  visit TEXT,
  at INTEGER NOT NULL,
  same_key TEXT,
  like_key TEXT NOT NULL,
  is_like_another INTEGER NOT NULL DEFAULT 0,
  times INTEGER NOT NULL DEFAULT 1,
  body BLOB
) STRICT;
CREATE INDEX measurements_same ON measurements (same_key) WHERE same_key IS NOT NULL;
CREATE INDEX measurements_like ON measurements (like_key, at);
CREATE INDEX measurements_waiting ON measurements (number) WHERE body IS NOT NULL;
