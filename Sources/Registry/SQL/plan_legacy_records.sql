-- Plans the jobs ('job') or targets ('target') that have no plan, with their numbers in the ledger.
--   $1  the kind
-- One row: how many it planned, how many numbers became void. Locks: counters.
SELECT planned, voided FROM serial.plan_legacy_records($1)
