-- Results of a target, the newest first.
-- $1 target serial, $2 how many, $3 after how many
-- No row when there is no such target; else one for each result, at least one: results (how many there are
-- in all), and the columns of show_branch.sql or nulls
-- Locks: none
WITH asked AS MATERIALIZED (
  SELECT t.id FROM public.universal_targets t WHERE t.target_serial = $1::text
), counted AS (
  SELECT count(*) AS results FROM public.job_execution_branches x WHERE x.target_serial_ref = $1
), page AS (
  SELECT x.* FROM public.job_execution_branches x
  WHERE x.target_serial_ref = $1
  ORDER BY x.created_at DESC, x.id DESC
  LIMIT $2::bigint OFFSET $3::bigint
)
SELECT c.results, {branch}
FROM asked a CROSS JOIN counted c LEFT JOIN page b ON true
ORDER BY b.created_at DESC, b.id DESC
