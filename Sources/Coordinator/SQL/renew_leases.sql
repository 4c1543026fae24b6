-- Renews leases, and tells that the process lives, also without any lease.
-- $1 boot id, $2 lease ids, $3 tokens, $4 time to live in milliseconds
-- A row for each lease, and one with lease_id null for the boot: lease_id, outcome, recalled
-- Locks: leases by id, boots
SELECT lease_id, outcome, recalled
FROM serial.renew_leases($1::uuid, $2::uuid[], $3::uuid[], $4::integer)
