-- The store's first shape. Each table has one writer, named beside it.

-- Records as the server confirmed them (records.py). `body` is what was received, byte for byte;
-- `at` (microseconds since 1970, UTC) and `state` are taken out of it to be looked up by.
CREATE TABLE records (
  record_type TEXT NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  body BLOB NOT NULL,
  patient TEXT,
  visit TEXT,
  at INTEGER,
  state TEXT,
  -- The id first: rows of one type are found by the indexes below, never by reading all of them.
  PRIMARY KEY (record, record_type)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_of_patient ON records (record_type, patient, at);
CREATE INDEX records_of_visit ON records (record_type, visit, at);
CREATE INDEX records_in_time ON records (record_type, at);
CREATE INDEX records_in_state ON records (record_type, state, at);

-- Changes on their way (outbox.py). `body` is a contract body and never rewritten. `shown_body` is
-- the whole document with this change and those before it laid on what is confirmed; `is_shown`
-- marks the one row of a record that the views show. `refused` is the server's code.
CREATE TABLE outbox (
  counter INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  record_type TEXT NOT NULL,
  record TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  body BLOB NOT NULL,
  file_sha256 TEXT,
  patient TEXT,
  visit TEXT,
  shown_body BLOB NOT NULL,
  is_shown INTEGER NOT NULL DEFAULT 0,
  at INTEGER,
  state TEXT,
  refused TEXT
) STRICT;
CREATE INDEX outbox_of_record ON outbox (record_type, record, counter);
CREATE INDEX outbox_of_patient ON outbox (record_type, patient, at) WHERE is_shown;
CREATE INDEX outbox_of_visit ON outbox (record_type, visit, at) WHERE is_shown;
CREATE TRIGGER outbox_is_never_rewritten
BEFORE UPDATE OF counter, id, record_type, record, schema_version, body, file_sha256 ON outbox
BEGIN
  SELECT RAISE(ABORT, 'an outbox row is never rewritten');
END;

-- The device's own chain of what was done here (audit_log.py). Grows only; how much of it the
-- server acknowledged stands in counters.
CREATE TABLE audit_log (
  number INTEGER PRIMARY KEY,
  event BLOB NOT NULL,
  digest TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_log_is_never_deleted BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_log_is_never_skipped BEFORE INSERT ON audit_log
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit_log)
BEGIN
  SELECT RAISE(ABORT, 'the audit log has no gaps');
END;

-- How far the server's own chain was seen (audit_log.py): one row.
CREATE TABLE server_witness (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  count INTEGER NOT NULL,
  digest TEXT NOT NULL
) STRICT;

-- Files that changes point to (attachments.py).
CREATE TABLE attachments (
  file_sha256 TEXT PRIMARY KEY,
  byte_count INTEGER NOT NULL,
  is_sent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_unsent ON attachments (file_sha256) WHERE is_sent = 0;

-- Small things of this profile (kept.py).
CREATE TABLE kept_texts (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE device (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  id TEXT NOT NULL,
  private_key BLOB NOT NULL
) STRICT;
CREATE TABLE running_call (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  visit TEXT NOT NULL,
  socket_path TEXT NOT NULL,
  secret BLOB NOT NULL,
  generation INTEGER NOT NULL
) STRICT;

-- Numbers that only grow (counters.py): changes made, feed position, audit events acknowledged.
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What screens read: the newest waiting change of a record laid over the confirmed one.
CREATE VIEW shown AS
  SELECT r.record_type, r.record, r.version, r.body, r.patient, r.visit, r.at, r.state,
    EXISTS (
      SELECT 1 FROM outbox o WHERE o.record_type = r.record_type AND o.record = r.record
    ) AS is_pending
  FROM records r
  WHERE NOT EXISTS (
    SELECT 1 FROM outbox o
    WHERE o.record_type = r.record_type AND o.record = r.record AND o.is_shown
  )
  UNION ALL
  SELECT o.record_type, o.record, coalesce(r.version, 0), o.shown_body, o.patient, o.visit, o.at,
    o.state, 1
  FROM outbox o
  LEFT JOIN records r ON r.record_type = o.record_type AND r.record = o.record
  WHERE o.is_shown;
CREATE VIEW patients_shown AS SELECT * FROM shown WHERE record_type = 'patient';
CREATE VIEW visits_shown AS SELECT * FROM shown WHERE record_type = 'visit';
CREATE VIEW notes_shown AS SELECT * FROM shown WHERE record_type = 'note';
CREATE VIEW readings_shown AS SELECT * FROM shown WHERE record_type = 'reading';
CREATE VIEW recordings_shown AS SELECT * FROM shown WHERE record_type = 'recording';
CREATE VIEW messages_shown AS SELECT * FROM shown WHERE record_type = 'message';
