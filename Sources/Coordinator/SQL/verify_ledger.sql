-- Holds ledger, issue log, leases, keys and records against each other.
-- A row for each disagreement: check, kind, year, first, last, detail
-- Locks: none
SELECT "check", kind, year, first, last, detail FROM serial.verify() ORDER BY 1, 2, 3, 4
