-- Opens grants without waiting for the nodes that have not reported.
-- $1 reason, $2 subject
-- One row: not_reported, names of nodes
-- Locks: grant_state
SELECT serial.recover_grants($1::text, $2::text) AS not_reported
