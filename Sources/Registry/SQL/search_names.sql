-- Records by the name of a job or target, or all that ran on one target: jobs, targets, executions,
-- branches, each from the highest serial down. Executions and branches are those of the jobs found, all of
-- them, and those on the targets found: of the 100 targets with the highest numbers the newest results, 2,000
-- in all and as many of each, so that a name that every target has costs no more than that.
-- $1 pattern of the name or null, $2 target serial or null,
-- $3...$6 of jobs, targets, executions, branches only serials before this one; null: none of the kind,
-- $7 how many
-- The columns of show_hits.sql
-- Locks: none
WITH named_jobs AS MATERIALIZED (
  SELECT j.job_serial::text AS serial FROM public.jobs j WHERE j.name ILIKE $1::text
), named_targets AS MATERIALIZED (
  SELECT t.target_serial::text AS serial FROM public.universal_targets t WHERE t.name ILIKE $1
  UNION ALL
  SELECT t.target_serial FROM public.universal_targets t WHERE t.target_serial = $2::text
), newest_targets AS MATERIALIZED (
  SELECT serial FROM named_targets ORDER BY serial USING ~>~ LIMIT 100
), on_targets AS MATERIALIZED (
  SELECT b.branch_serial::text AS serial
  FROM newest_targets t
  CROSS JOIN LATERAL (
    SELECT b.branch_serial FROM public.job_execution_branches b
    WHERE b.target_serial_ref = t.serial
    ORDER BY b.created_at DESC
    LIMIT (SELECT 2000 / greatest(count(*), 1) FROM newest_targets)
  ) b
), found AS (
  (SELECT 1 AS place, j.serial FROM named_jobs j
    WHERE j.serial ~<~ $3::text ORDER BY j.serial USING ~>~ LIMIT $7::integer)
  UNION ALL
  (SELECT 2, t.serial FROM named_targets t
    WHERE t.serial ~<~ $4::text ORDER BY t.serial USING ~>~ LIMIT $7)
  UNION ALL
  (SELECT 3, u.serial FROM (
      (SELECT e.serial
        FROM (SELECT serial FROM named_jobs WHERE serial ~<~ $5::text ORDER BY serial USING ~>~) j
        CROSS JOIN LATERAL (
          SELECT e.execution_serial::text AS serial FROM public.job_executions e
          WHERE e.execution_serial ~>~ (j.serial || '.') AND e.execution_serial ~<~ (j.serial || '/')
            AND e.execution_serial ~<~ $5
          ORDER BY e.execution_serial USING ~>~
          LIMIT $7
        ) e
        WHERE $5 IS NOT NULL
        ORDER BY j.serial USING ~>~, e.serial USING ~>~
        LIMIT $7)
      UNION
      SELECT left(o.serial, 15) FROM on_targets o WHERE $5 IS NOT NULL AND left(o.serial, 15) ~<~ $5
    ) u
    ORDER BY u.serial USING ~>~ LIMIT $7)
  UNION ALL
  (SELECT 4, u.serial FROM (
      (SELECT b.serial
        FROM (SELECT serial FROM named_jobs WHERE serial ~<~ $6::text ORDER BY serial USING ~>~) j
        CROSS JOIN LATERAL (
          SELECT b.branch_serial::text AS serial FROM public.job_execution_branches b
          WHERE b.branch_serial ~>~ (j.serial || '.') AND b.branch_serial ~<~ (j.serial || '/')
            AND b.branch_serial ~<~ $6
          ORDER BY b.branch_serial USING ~>~
          LIMIT $7
        ) b
        WHERE $6 IS NOT NULL
        ORDER BY j.serial USING ~>~, b.serial USING ~>~
        LIMIT $7)
      UNION
      SELECT o.serial FROM on_targets o WHERE $6 IS NOT NULL AND o.serial ~<~ $6
    ) u
    ORDER BY u.serial USING ~>~ LIMIT $7)
  ORDER BY place, serial USING ~>~
  LIMIT $7
)
SELECT {hits}
ORDER BY f.place, f.serial USING ~>~
