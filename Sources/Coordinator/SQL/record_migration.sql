-- Records a migration as applied, in the transaction that applied it.
-- $1 version, $2 name, $3 checksum
-- Locks: none
INSERT INTO serial.migrations (version, name, checksum) VALUES ($1::integer, $2::text, $3::text)
