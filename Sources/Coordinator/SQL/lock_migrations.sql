-- Waits until no other migration is running on this database. Held until the session ends.
-- Locks: the advisory lock of the migrations
SELECT pg_advisory_lock(hashtextextended('seriald migrations', 0))
