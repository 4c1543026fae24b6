-- What the migration changed, in pages.
--   $1, $2, $3  table, record and column of the last line that is known
--   $4  how many lines
-- Locks: none.
SELECT on_table, record_id, on_column, old, new, reason FROM serial.legacy_changes
  WHERE (on_table, record_id, on_column) > ($1, $2, $3)
  ORDER BY on_table, record_id, on_column LIMIT $4
