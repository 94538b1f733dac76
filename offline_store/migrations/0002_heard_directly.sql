-- What the far desk told itself, over the call, before the server did (heard.py). A row leaves when
-- the server's own copy of the record comes; until then it is shown as not yet confirmed.
CREATE TABLE heard_directly (
  number INTEGER PRIMARY KEY,
  record_type TEXT NOT NULL,
  record TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL,
  patient TEXT NOT NULL,
  visit TEXT NOT NULL,
  at INTEGER,
  -- How many changes had been made here when it was heard: its place among our own.
  after_counter INTEGER NOT NULL
) STRICT;
CREATE INDEX heard_of_visit ON heard_directly (record_type, visit);

CREATE VIEW told AS
  SELECT s.record_type, s.record, s.version, s.body, s.patient, s.visit, s.at, s.is_pending,
    (SELECT r.position FROM records r
     WHERE r.record = s.record AND r.record_type = s.record_type) AS position,
    (SELECT min(o.counter) FROM outbox o
     WHERE o.record_type = s.record_type AND o.record = s.record) AS counter,
    0 AS number
  FROM shown s
  UNION ALL
  SELECT h.record_type, h.record, 0, h.body, h.patient, h.visit, h.at, 1, NULL, h.after_counter,
    h.number
  FROM heard_directly h;
DROP VIEW messages_shown;
CREATE VIEW messages_shown AS SELECT * FROM told WHERE record_type = 'message';
CREATE VIEW receipts_shown AS SELECT * FROM told WHERE record_type = 'receipt';
