-- Gives jobs or targets their planned serial.
--   $1  the kind
--   $2  how many at most
-- One row: how many were done, how many are left. Locks: the records, skip locked.
SELECT done, left_over FROM serial.convert_legacy_records($1, $2)
