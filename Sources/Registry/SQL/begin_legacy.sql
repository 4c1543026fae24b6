-- Says that the migration of an existing installation has begun.
-- Locks: the row of serial.registry.
UPDATE serial.registry SET state = 'migrating', changed_at = clock_timestamp() WHERE state = 'legacy'
