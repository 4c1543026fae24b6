-- Records whose serial begins with a text: jobs, targets, executions, branches, each by serial.
-- $1 the text, $2 the first text above all that begin with it,
-- $3...$6 of jobs, targets, executions, branches only serials after this one; null: none of the kind,
-- $7 how many
-- The columns of show_hits.sql
-- Locks: none
WITH found AS (
  (SELECT 1 AS place, j.job_serial::text AS serial FROM public.jobs j
    WHERE j.job_serial ~>=~ $1::text AND j.job_serial ~<~ $2::text AND j.job_serial ~>~ $3::text
    ORDER BY j.job_serial USING ~<~ LIMIT $7::integer)
  UNION ALL
  (SELECT 2, t.target_serial FROM public.universal_targets t
    WHERE t.target_serial ~>=~ $1 AND t.target_serial ~<~ $2 AND t.target_serial ~>~ $4::text
    ORDER BY t.target_serial USING ~<~ LIMIT $7)
  UNION ALL
  (SELECT 3, e.execution_serial FROM public.job_executions e
    WHERE e.execution_serial ~>=~ $1 AND e.execution_serial ~<~ $2 AND e.execution_serial ~>~ $5::text
    ORDER BY e.execution_serial USING ~<~ LIMIT $7)
  UNION ALL
  (SELECT 4, b.branch_serial FROM public.job_execution_branches b
    WHERE b.branch_serial ~>=~ $1 AND b.branch_serial ~<~ $2 AND b.branch_serial ~>~ $6::text
    ORDER BY b.branch_serial USING ~<~ LIMIT $7)
  ORDER BY place, serial USING ~<~
  LIMIT $7
)
SELECT {hits}
ORDER BY f.place, f.serial USING ~<~
