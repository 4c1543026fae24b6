-- Where one number is.
-- $1 kind, $2 year, $3 number
-- One row: state, node, subject, request_id, issued_at
-- Locks: none
SELECT state, node, subject, request_id, issued_at
FROM serial.locate_number($1::text, $2::integer, $3::integer)
