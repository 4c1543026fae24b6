-- Removes the outputs of results that were finished before a time, the oldest first.
-- $1 time, in microseconds since 1970 in UTC, $2 how many at most, 1...10,000, $3 subject
-- One row: purged, how many; -1 before the installation is migrated
-- Locks: branches, skip locked
SELECT purged
FROM serial.purge_outputs(timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::integer, $3::text)
