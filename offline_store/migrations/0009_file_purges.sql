-- Files that were erased on order and are still to be destroyed here (file_purges.py). The record
-- has lost its key already when a row is written; a row leaves when the device has told the audit.
CREATE TABLE file_purges (
  record TEXT NOT NULL,
  file_sha256 TEXT NOT NULL,
  patient TEXT,
  visit TEXT,
  PRIMARY KEY (record, file_sha256)
) STRICT, WITHOUT ROWID;
