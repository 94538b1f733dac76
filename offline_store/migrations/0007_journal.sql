-- A store that was made anew goes on with the device's chain where the journal says that the server
-- holds it (audit_log.py): the events up to there are the server's alone.
CREATE TABLE audit_base (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  count INTEGER NOT NULL,
  digest TEXT NOT NULL
) STRICT;
DROP TRIGGER audit_log_is_never_skipped;
CREATE TRIGGER audit_log_is_never_skipped BEFORE INSERT ON audit_log
WHEN NEW.number IS NOT 1 + max(
  (SELECT coalesce(max(number), 0) FROM audit_log),
  (SELECT coalesce(max(count), 0) FROM audit_base))
BEGIN
  SELECT RAISE(ABORT, 'the audit log has no gaps');
END;
