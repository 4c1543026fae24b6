-- commit_numbers (named here since pg_stat_activity shows 1,024 bytes): commits numbers as issued, compare-and-set for
-- each lease, all or nothing, with the issue log.
-- $1 boot id; a lease each: $2 ids, $3 tokens, $4 attempts, $5 revisions, $6 committed through as
-- the node knows it, $7 the new one, $8 handed out through; $9 time to live in milliseconds;
-- a line of the issue log each: $10 leases, $11 first, $12 last, $13 subjects, $14 requests,
-- $15 again, $16 delivered; $17 demand a standby;
-- an idempotency key each: $18 requests, $19 subjects, $20 routes, $21 keys, $22 hashes;
-- a record each: $23 requests, $24 rows as JSON objects, in ascending order of a request's numbers
-- A row for each lease: lease_id, outcome, recalled; for each request that is refused, with lease_id null:
-- outcome, request_id, retry_ms, detail; and for each number that a record carries already, with outcome
-- 'number-recorded': lease_id, number
-- Locks: leases by id, quotas, keys, serials of again lines, users that rows name
SELECT lease_id, outcome, recalled, request_id, retry_ms, number, detail
FROM serial.commit_numbers($1::uuid, $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[],
  $6::integer[], $7::integer[], $8::integer[], $9::integer, $10::uuid[], $11::integer[],
  $12::integer[], $13::text[], $14::uuid[], $15::boolean[], $16::boolean[], $17::boolean,
  $18::uuid[], $19::text[], $20::text[], $21::text[], $22::text[],
  $23::uuid[], $24::text[])
