-- Tells the node's process to give everything back.
-- $1 node, $2 subject
-- One row: outcome ('done', 'already', 'unknown-node', 'not-running')
-- Locks: boots
SELECT serial.drain_node($1::text, $2::text) AS outcome
