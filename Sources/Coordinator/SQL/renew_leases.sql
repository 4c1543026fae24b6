-- Renews leases, and tells that the process lives, also without any lease.
-- $1 boot id, $2 lease ids, $3 tokens, $4 time to live in milliseconds
-- A row for each lease: lease_id, outcome, recalled; and one with lease_id null for the boot: outcome,
-- drain, and what the coordinator says of itself
-- Locks: grant_state when the server started, leases by id, boots
SELECT lease_id, outcome, recalled, drain, system_identifier, timeline, position, generation,
  grants_open
FROM serial.renew_leases($1::uuid, $2::uuid[], $3::uuid[], $4::integer)
