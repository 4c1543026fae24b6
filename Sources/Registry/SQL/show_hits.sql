-- What a search shows of those it found, put in place of {hits}. `found` has place (1 job, 2 target,
-- 3 execution, 4 branch) and serial.
f.place, f.serial, h.job_name, h.target_name, h.target_serial, h.status, h.created_at
FROM found f CROSS JOIN LATERAL (
  SELECT j.name AS job_name, NULL AS target_name, NULL AS target_serial, coalesce(j.status::text, 'draft') AS status,
    j.created_at
  FROM public.jobs j WHERE f.place = 1 AND j.job_serial = f.serial
  UNION ALL
  SELECT NULL, t.name, t.target_serial, t.status::text, t.created_at
  FROM public.universal_targets t WHERE f.place = 2 AND t.target_serial = f.serial
  UNION ALL
  SELECT (SELECT j.name FROM public.jobs j WHERE j.id = e.job_id), NULL, NULL, e.status::text, e.created_at
  FROM public.job_executions e WHERE f.place = 3 AND e.execution_serial = f.serial
  UNION ALL
  SELECT
    (SELECT j.name FROM public.job_executions e JOIN public.jobs j ON j.id = e.job_id
      WHERE e.id = b.job_execution_id),
    (SELECT t.name FROM public.universal_targets t WHERE t.id = b.target_id), b.target_serial_ref,
    b.status::text, b.created_at
  FROM public.job_execution_branches b WHERE f.place = 4 AND b.branch_serial = f.serial
) h
