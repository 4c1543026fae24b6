-- How far the migration of an existing installation is. One row.
-- Locks: none.
SELECT r.state, EXISTS (SELECT FROM serial.legacy_steps s WHERE s.step = 'switch') AS is_switched,
  EXISTS (SELECT FROM serial.legacy_steps s WHERE s.step = 'ready') AS was_migrated
FROM serial.registry r
