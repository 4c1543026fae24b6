-- Takes a void back, for all of the numbers or none.
-- $1 kind, $2 year, $3 first, $4 last, $5 reason, $6 subject
-- One row: outcome ('done', 'not-void'), number (how many, or which)
-- Locks: the counter
SELECT outcome, number
FROM serial.unvoid_numbers($1::text, $2::integer, $3::integer, $4::integer, $5::text, $6::text)
