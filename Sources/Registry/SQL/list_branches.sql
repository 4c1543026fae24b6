-- Branches of an execution, by number; {order} says which way.
-- $1, $2 only serials between these two, exclusive, $3 status or null, $4 how many
-- The columns of show_branch.sql
-- Locks: none
SELECT {branch}
FROM public.job_execution_branches b
WHERE b.branch_serial ~>~ $1::text AND b.branch_serial ~<~ $2::text
  AND ($3::text IS NULL OR b.status::text = $3)
ORDER BY b.branch_serial USING {order}
LIMIT $4::integer
