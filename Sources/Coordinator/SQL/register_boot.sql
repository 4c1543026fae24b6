-- Registers this process for the calling node; expires the leases of the node's older process.
-- $1 boot id, $2 time to live in milliseconds
-- One row: outcome ('registered', 'superseded'), and what the coordinator says of itself
-- Locks: grant_state when the server started, the node's row, counters, leases by id, boots
SELECT outcome, system_identifier, timeline, position, generation, grants_open
FROM serial.register_boot($1::uuid, $2::integer)
