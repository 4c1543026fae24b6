-- Gives back what lies above the numbers handed out and closes the leases. Idempotent.
-- $1 boot id, $2 lease ids, $3 tokens, $4 handed out through
-- A row for each lease: lease_id, outcome, given_back, issued_through (null: not the caller's)
-- Locks: counters, leases by id
SELECT lease_id, outcome, given_back, issued_through
FROM serial.release_leases($1::uuid, $2::uuid[], $3::uuid[],
  $4::integer[])
