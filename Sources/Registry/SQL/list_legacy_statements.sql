-- The next statements of a phase of the migration.
--   $1  the phase
-- Rows: the statement, and whether it may wait long. Locks: none.
SELECT statement, slow FROM serial.legacy_statements($1)
