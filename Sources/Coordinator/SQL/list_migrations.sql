-- The migrations that were applied.
-- version, name, checksum
-- Locks: none
SELECT version, name, checksum FROM serial.migrations ORDER BY version
