-- How executions or branches `x` went, put in place of {totals}: counts, how many have both times, and the
-- seconds between them.
count(*) AS total, count(*) FILTER (WHERE x.status = 'completed') AS successful,
  count(*) FILTER (WHERE x.status = 'failed') AS failed,
  count(*) FILTER (WHERE x.status = 'cancelled') AS cancelled,
  count(*) FILTER (WHERE x.status IN ('scheduled', 'running')) AS unfinished,
  count(x.completed_at - x.started_at) AS timed,
  extract(epoch FROM sum(x.completed_at - x.started_at))::double precision AS seconds
