-- Strikes numbers out, all or none.
-- $1 kind, $2 year, $3 first, $4 last, $5 reason, $6 subject
-- One row: outcome ('done', 'recorded', 'leased'), number (how many, or which), node
-- Locks: the counter, leases by id
SELECT outcome, number, node
FROM serial.void_numbers($1::text, $2::integer, $3::integer, $4::integer, $5::text, $6::text)
