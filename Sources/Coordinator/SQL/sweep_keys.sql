-- Removes idempotency keys whose time is over, at most 1,000.
-- One row: removed, how many
-- Locks: keys, skip locked
SELECT serial.sweep_keys() AS removed
