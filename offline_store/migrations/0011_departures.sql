-- What is to leave this machine because it left the feed (departures.py): all of a patient, where
-- `record` is empty, or one record. A row leaves when nothing of it is here any more.
CREATE TABLE departures (
  patient TEXT NOT NULL,
  record TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (patient, record)
) STRICT, WITHOUT ROWID;
