-- Columns of an execution `e`, put in place of {execution}. Its job is looked up row by row: a join would
-- let a plan that knows no values read all jobs.
e.id, e.execution_uuid, e.execution_serial, e.job_id, left(e.execution_serial, 10) AS job_serial,
  (SELECT j.name FROM public.jobs j WHERE j.id = e.job_id) AS job_name,
  e.status::text AS status, e.scheduled_at, e.started_at, e.completed_at, e.created_at,
  (SELECT count(*) FROM public.job_execution_branches c WHERE c.job_execution_id = e.id) AS branch_count
