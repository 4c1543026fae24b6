-- Whether grants are open, and what they wait for.
-- One row: generation, grants_open, reason, closed_at, opens_at, waiting_for, wait_ms,
-- synchronous_failover
-- Locks: none
SELECT generation, grants_open, reason, closed_at, opens_at, waiting_for, wait_ms,
  synchronous_failover
FROM serial.show_grants()
