-- One row for each live lease. Tokens are shown to nobody.
-- lease_id, node, kind, year, first, last, committed_through, at_risk, granted_at, expires_at,
-- recalled_at
-- Locks: none
SELECT lease_id, node, kind, year, first, last, committed_through, at_risk, granted_at, expires_at,
  recalled_at
FROM serial.lease_status ORDER BY kind, year, first
