-- Finds out what became of a commit whose reply was lost: a write that waits for the lost statement
-- and fences it.
-- $1 boot id, $2 lease ids, $3 tokens, $4 attempts to fence with, $5 demand a standby
-- A row for each lease: lease_id, outcome, committed_through, revision, attempt, recalled
-- Locks: leases by id
SELECT lease_id, outcome, committed_through, revision, attempt, recalled
FROM serial.read_back($1::uuid, $2::uuid[], $3::uuid[], $4::bigint[], $5::boolean)
