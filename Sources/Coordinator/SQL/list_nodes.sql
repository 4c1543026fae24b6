-- One row for each enrolled node.
-- node, region, state, boot_id, started_at, last_seen_at, live, leases, leased_numbers
-- Locks: none
SELECT node, region, state, boot_id, started_at, last_seen_at, live, leases, leased_numbers
FROM serial.node_status ORDER BY node
