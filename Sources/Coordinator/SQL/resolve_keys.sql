-- What became of idempotency keys.
-- A key each: $1 subjects, $2 routes, $3 keys, $4 hashes
-- A row for each, in the order asked: place, outcome ('unused', 'used', 'reused'), kind, year, firsts,
-- lasts
-- Locks: keys, sorted
SELECT place, outcome, kind, year, firsts, lasts
FROM serial.resolve_keys($1::text[], $2::text[], $3::text[], $4::text[]) ORDER BY place
