-- Says what this node holds and has issued, for one generation of the coordinator.
-- $1 boot id, $2 generation, $3 suspicion or null; a holding each: $4 leases (null when settled), $5 kinds, $6 years,
-- $7 first, $8 last, $9 surely issued through, $10 nothing above that was
-- One row: outcome ('accepted', 'again', 'superseded'), carved, overlapping, settled_leases,
-- settled_through, and what the coordinator says of itself
-- Locks: grant_state, the node's row (shared), counters, leases by id
SELECT outcome, carved, overlapping, settled_leases, settled_through, system_identifier, timeline,
  position, generation, grants_open
FROM serial.report_holdings($1::uuid, $2::integer, $3::text, $4::uuid[], $5::text[], $6::integer[],
  $7::integer[], $8::integer[], $9::integer[], $10::boolean[])
