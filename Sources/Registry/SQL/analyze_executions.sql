-- How executions went, by step of the time in UTC at which they were created, the oldest first; every step
-- of the period, and in the first one only what is within the period.
-- $1 period in hours, $2 step: hour, day, week, month
-- start, and the columns of show_totals.sql or nulls
-- Locks: none
WITH counted AS (
  SELECT date_trunc($2::text, x.created_at AT TIME ZONE 'UTC') AS start, {totals}
  FROM public.job_executions x
  WHERE x.created_at >= now() - make_interval(hours => $1::integer)
    AND x.created_at
      < (date_trunc($2, now() AT TIME ZONE 'UTC') + ('1 ' || $2)::interval) AT TIME ZONE 'UTC'
  GROUP BY 1
)
SELECT s.start AT TIME ZONE 'UTC' AS start, c.total, c.successful, c.failed, c.cancelled, c.unfinished,
  c.timed, c.seconds
FROM generate_series(
    date_trunc($2, (now() - make_interval(hours => $1)) AT TIME ZONE 'UTC'),
    now() AT TIME ZONE 'UTC', ('1 ' || $2)::interval) AS s (start)
LEFT JOIN counted c ON c.start = s.start
ORDER BY s.start
