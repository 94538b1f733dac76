-- What stands at 0 is of a server that has begun anew and has not told it again: nobody can call it
-- confirmed, be it until its word comes, be it for good where it forgot the record.
DROP VIEW shown;
CREATE VIEW shown AS
  SELECT r.record_type, r.record, r.version, r.body, r.patient, r.visit, r.at, r.state,
    r.position = 0 OR EXISTS (
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
