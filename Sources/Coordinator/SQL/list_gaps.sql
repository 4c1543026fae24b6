-- Ranges that are neither free nor recorded, by kind, year and number.
-- $1 kind or null, $2 year or null, $3, $4, $5 only above this kind, year and number, or null,
-- $6 how many
-- kind, year, first, last, state, node, lease_id, subject, request_id, at, reason
-- Locks: none
SELECT kind, year, first, last, state, node, lease_id, subject, request_id, at, reason
FROM serial.list_gaps($1::text, $2::integer, $3::text, $4::integer, $5::integer, $6::integer)
