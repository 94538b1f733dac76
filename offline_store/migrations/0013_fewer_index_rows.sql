-- What belongs to no visit, and what has no state, is never asked for by it: a patient stood in both
-- indexes for nothing. Whoever asks names a visit or a state, by which SQLite knows that they serve.
DROP INDEX records_of_visit;
CREATE INDEX records_of_visit ON records (record_type, visit, at) WHERE visit IS NOT NULL;
DROP INDEX records_in_state;
CREATE INDEX records_in_state ON records (record_type, state, at) WHERE state IS NOT NULL;
