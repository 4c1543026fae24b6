-- Closes the expired leases of every node.
-- One row: closed, how many
-- Locks: counters and leases, skip locked
SELECT serial.reap_expired() AS closed
