-- The highest migration that was applied.
-- One row: version
-- Locks: none
SELECT serial.schema_version() AS version
