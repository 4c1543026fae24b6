-- Grants blocks of a counter, the lowest free numbers first. Idempotent by its lease ids.
-- $1 boot id, $2 kind, $3 year or null for the running one, $4 numbers needed 1...1000,
-- $5 numbers wanted, $6 time to live in milliseconds, $7 lease ids, $8 tokens, $9 demand a standby,
-- $10 also from the reserve
-- A row for each block, or one without a lease: outcome, year, lease_id, first, last, free,
-- leased_elsewhere, reserved
-- Locks: grant_state when it changes, the node's row (shared), the counter, expired and recalled leases
-- (skip locked)
SELECT outcome, coalesce(year, serial.running_year()) AS year, lease_id, first, last, free,
  leased_elsewhere, reserved
FROM serial.acquire_blocks($1::uuid, $2::text, $3::integer, $4::integer, $5::integer, $6::integer,
  $7::uuid[], $8::uuid[], $9::boolean, $10::boolean)
