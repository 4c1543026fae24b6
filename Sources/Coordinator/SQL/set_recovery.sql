-- Changes how grants wait after a start; null leaves a setting as it is.
-- $1 wait in milliseconds, $2 failovers are strictly synchronous, $3 subject
-- One row without meaning
-- Locks: grant_state
SELECT serial.set_recovery($1::integer, $2::boolean, $3::text)::text
