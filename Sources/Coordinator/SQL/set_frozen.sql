-- Stops or resumes issuing of a counter on every node.
-- $1 kind, $2 year, $3 frozen, $4 reason, $5 subject
-- One row without meaning
-- Locks: the counter
SELECT serial.set_frozen($1::text, $2::integer, $3::boolean, $4::text, $5::text)::text
