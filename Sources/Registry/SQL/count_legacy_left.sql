-- Rows that still lack a serial. One row. Locks: none.
SELECT jobs, targets, executions, branches FROM serial.legacy_left()
