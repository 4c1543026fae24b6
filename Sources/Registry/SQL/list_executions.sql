-- Executions of a job, by number; {order} says which way.
-- $1, $2 only serials between these two, exclusive, $3 status or null, $4 how many
-- The columns of show_execution.sql
-- Locks: none
SELECT {execution}
FROM public.job_executions e
WHERE e.execution_serial ~>~ $1::text AND e.execution_serial ~<~ $2::text
  AND ($3::text IS NULL OR e.status::text = $3)
ORDER BY e.execution_serial USING {order}
LIMIT $4::integer
