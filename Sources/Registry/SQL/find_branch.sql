-- A branch by serial with whole outputs, and its job.
-- $1 serial
-- The columns of show_branch.sql, job_id, job_serial, job_name; at most one row
-- Locks: none
SELECT {branch}, j.id AS job_id, j.job_serial, j.name AS job_name
  FROM public.job_execution_branches b
    JOIN public.job_executions e ON e.id = b.job_execution_id
    JOIN public.jobs j ON j.id = e.job_id
  WHERE b.branch_serial = $1::text
