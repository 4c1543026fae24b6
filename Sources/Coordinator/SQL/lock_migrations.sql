-- Waits until no other migration is running on this database. Held until the session ends.
-- In a transaction that has set lock_timeout aside: another run may take minutes.
-- Locks: the advisory lock of the migrations
SELECT pg_advisory_lock(hashtextextended('seriald migrations', 0))
