-- How a job did on each target: the results of its executions of the last hours, by target, those with most
-- failures first, 1,000 at most. How its executions went is the first row.
-- $1 job serial, $2 period in hours
-- No row when there is no such job; else id, job_serial, name, target_id (null in the first row),
-- target_serial_ref, target_name, and the columns of show_totals.sql
-- Locks: none
WITH asked AS MATERIALIZED (
  SELECT j.id, j.job_serial, j.name FROM public.jobs j WHERE j.job_serial = $1::text
), ran AS MATERIALIZED (
  SELECT e.id, e.status, e.started_at, e.completed_at FROM public.job_executions e
  WHERE e.execution_serial ~>~ ($1 || '.') AND e.execution_serial ~<~ ($1 || '/')
    AND e.created_at >= now() - make_interval(hours => $2::integer)
), by_target AS (
  SELECT x.target_id, x.target_serial_ref, {totals}
  FROM ran r CROSS JOIN LATERAL (
    SELECT b.target_id, b.target_serial_ref, b.status, b.started_at, b.completed_at
    FROM public.job_execution_branches b
    WHERE b.job_execution_id = r.id
    OFFSET 0
  ) x
  GROUP BY x.target_id, x.target_serial_ref
  ORDER BY failed DESC, x.target_serial_ref, x.target_id
  LIMIT 1000
), totals AS (
  SELECT NULL::integer AS target_id, NULL::text AS target_serial_ref, {totals} FROM ran x
  UNION ALL
  SELECT * FROM by_target
)
SELECT a.id, a.job_serial, a.name, x.target_id, x.target_serial_ref,
  (SELECT t.name FROM public.universal_targets t WHERE t.id = x.target_id) AS target_name,
  x.total, x.successful, x.failed, x.cancelled, x.unfinished, x.timed, x.seconds
FROM asked a CROSS JOIN totals x
ORDER BY x.target_id IS NOT NULL, x.failed DESC, x.target_serial_ref, x.target_id
