-- Registers this process for the calling node; expires the leases of the node's older process.
-- $1 boot id, $2 time to live in milliseconds
-- One row: outcome ('registered', 'superseded'), node, region
-- Locks: the node's row, counters, leases by id, boots
SELECT outcome, node, region FROM serial.register_boot($1::uuid, $2::integer)
