-- Tells the other nodes to look at their leases now. Outside of any transaction that commits numbers:
-- NOTIFY takes a lock of the whole server.
-- Locks: none held
SELECT pg_notify('serial_recall', '')
