-- Makes the registry ready. One row: the service user, null when the table of users does not take one.
-- Locks: the row of serial.registry.
SELECT serial.finish_legacy() AS service_user
