-- Events after a place in the history, in order.
-- $1 transaction, $2 id, $3 how many, $4 event or null, $5 node or null
-- id, transaction, at, event, kind, year, first, last, lease_id, node, boot_id, detail
-- Locks: none
SELECT id, transaction, at, event, kind, year, first, last, lease_id, node, boot_id, detail
FROM serial.list_events($1::bigint, $2::bigint, $3::integer, $4::text, $5::text)
