-- How jobs did: the totals of their executions of the last hours, and of the results of those executions.
-- $1 job serials, $2 period in hours
-- For each job that is there two rows: id, job_serial, name, subject ('executions' or 'results'), and the
-- columns of show_totals.sql or nulls
-- Locks: none
WITH asked AS MATERIALIZED (
  SELECT j.id, j.job_serial, j.name FROM public.jobs j WHERE j.job_serial = ANY ($1::text[])
), ran AS MATERIALIZED (
  SELECT a.id AS job_id, x.id, x.status, x.started_at, x.completed_at
  FROM asked a CROSS JOIN LATERAL (
    SELECT e.id, e.status, e.started_at, e.completed_at FROM public.job_executions e
    WHERE e.execution_serial ~>~ (a.job_serial || '.') AND e.execution_serial ~<~ (a.job_serial || '/')
      AND e.created_at >= now() - make_interval(hours => $2::integer)
    OFFSET 0
  ) x
), totals AS (
  SELECT x.job_id, 'executions' AS subject, {totals} FROM ran x GROUP BY x.job_id
  UNION ALL
  SELECT r.job_id, 'results', {totals}
  FROM ran r CROSS JOIN LATERAL (
    SELECT b.status, b.started_at, b.completed_at FROM public.job_execution_branches b
    WHERE b.job_execution_id = r.id
    OFFSET 0
  ) x
  GROUP BY r.job_id
)
SELECT a.id, a.job_serial, a.name, s.subject, t.total, t.successful, t.failed, t.cancelled, t.unfinished,
  t.timed, t.seconds
FROM asked a
CROSS JOIN (VALUES ('executions'), ('results')) s (subject)
LEFT JOIN totals t ON t.job_id = a.id AND t.subject = s.subject
