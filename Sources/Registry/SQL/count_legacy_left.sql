-- Rows that still lack a serial, and the highest ids of children that there are now. One row. Locks: none.
SELECT jobs, targets, executions, branches,
    (SELECT coalesce(max(id), 0) FROM public.job_executions) AS last_execution,
    (SELECT coalesce(max(id), 0) FROM public.job_execution_branches) AS last_branch
  FROM serial.legacy_left()
