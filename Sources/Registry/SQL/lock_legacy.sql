-- Makes this session the one that migrates an existing installation. One row: whether it is.
-- Locks: the migration's advisory lock, until the session ends.
SELECT serial.lock_legacy() AS is_locked
