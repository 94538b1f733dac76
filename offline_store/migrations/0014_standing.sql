-- How a confirmed record stands to the server's history (confirmed.py). It was told by positions below
-- every position of a feed, and by 0.
ALTER TABLE records ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
UPDATE records SET standing = 1, position = position + 4503599627370496 WHERE position < 0;
UPDATE records SET standing = 2 WHERE position = 0;
-- Nobody can call confirmed what a server that has begun anew has not told again.
DROP VIEW shown;
CREATE VIEW shown AS
  SELECT r.record_type, r.record, r.version, r.body, r.patient, r.visit, r.at, r.state,
    r.standing > 1 OR EXISTS (
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
-- Few are refused, and they are asked for after each act.
CREATE INDEX outbox_refused ON outbox (refused, counter) WHERE refused IS NOT NULL;
