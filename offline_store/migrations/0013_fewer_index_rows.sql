-- What belongs to no visit, has no time or no state, is never asked for by it: a patient stood in all
-- three indexes for nothing. Whoever asks compares with a value, by which SQLite knows that they serve.
DROP INDEX records_of_visit;
CREATE INDEX records_of_visit ON records (record_type, visit, at) WHERE visit IS NOT NULL;
DROP INDEX records_in_time;
CREATE INDEX records_in_time ON records (record_type, at) WHERE at IS NOT NULL;
DROP INDEX records_in_state;
CREATE INDEX records_in_state ON records (record_type, state, at) WHERE state IS NOT NULL;
