-- The serial of the record that an old identifier belongs to.
-- $1 the old identifier
-- At most one row: serial
-- Locks: none
SELECT serial FROM serial.aliases WHERE alias = $1::text
