-- Enrols a node: its role and its row. Called by an administrator. Idempotent.
-- $1 node, $2 region
-- One row: outcome ('enrolled', 'already')
-- Locks: none held
SELECT serial.enroll_node($1::text, $2::text) AS outcome
