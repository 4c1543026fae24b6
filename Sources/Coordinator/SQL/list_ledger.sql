-- One row for each counter, and for the two counters of the running year.
-- kind, year, capacity, issued, leased, free, void, reserve, frozen
-- Locks: none
SELECT kind, year, capacity, issued, leased, free, void, reserve, frozen FROM serial.ledger
UNION ALL
SELECT k, serial.running_year(), 99999, 0, 0, 99999, 0, 0, false
FROM unnest(ARRAY['job', 'target']) AS k
WHERE NOT EXISTS (SELECT FROM serial.ledger l WHERE l.kind = k AND l.year = serial.running_year())
ORDER BY 1, 2
