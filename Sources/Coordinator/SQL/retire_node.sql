-- Ends a node for good.
-- $1 node, $2 reason, $3 subject
-- One row: outcome ('done', 'already', 'unknown-node')
-- Locks: grant_state, the node, counters, leases by id, boots
SELECT serial.retire_node($1::text, $2::text, $3::text) AS outcome
