-- Keeps so many numbers at the end of a counter for administrators.
-- $1 kind, $2 year, $3 numbers, $4 subject
-- One row without meaning
-- Locks: the counter
SELECT serial.set_reserve($1::text, $2::integer, $3::integer, $4::text)::text
