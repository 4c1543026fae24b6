-- How a target did: the totals of its results of the last days, and the ten newest of them.
-- $1 target serial, $2 days
-- No row when there is no such target; else one for each of the newest, at least one: asked_id, asked_name,
-- the columns of show_totals.sql, and those of show_branch.sql or nulls
-- Locks: none
WITH asked AS MATERIALIZED (
  SELECT t.id AS asked_id, t.name AS asked_name
  FROM public.universal_targets t WHERE t.target_serial = $1::text
), totals AS (
  SELECT {totals} FROM public.job_execution_branches x
  WHERE x.target_serial_ref = $1 AND x.created_at >= now() - make_interval(days => $2::integer)
), recent AS (
  SELECT x.* FROM public.job_execution_branches x
  WHERE x.target_serial_ref = $1 AND x.created_at >= now() - make_interval(days => $2)
  ORDER BY x.created_at DESC, x.id DESC
  LIMIT 10
)
SELECT a.asked_id, a.asked_name, t.total, t.successful, t.failed, t.cancelled, t.unfinished, t.timed,
  t.seconds, {branch}
FROM asked a CROSS JOIN totals t LEFT JOIN recent b ON true
ORDER BY b.created_at DESC, b.id DESC
