-- One branch for each target in the executions :first to :last (ids). 5 % failed, 1 % cancelled.
SET session_replication_role = replica;
SET synchronous_commit = off;
INSERT INTO public.job_execution_branches (id, job_execution_id, target_id, branch_id, status,
    started_at, completed_at, result_output, result_error, exit_code, created_at, branch_serial,
    target_serial_ref)
  SELECT (e.id - 1) * :targets + t.id, e.id, t.id, lpad(t.id::text, 3, '0'),
      s.status::public.execution_status, e.created_at, e.created_at + s.took,
      'ok: ' || md5(t.id::text), CASE s.status WHEN 'failed' THEN 'exit status 1' END,
      CASE s.status WHEN 'completed' THEN 0 WHEN 'failed' THEN 1 END, e.created_at,
      e.execution_serial || '.' || lpad(t.id::text, 4, '0'), t.target_serial
    FROM public.job_executions e, public.universal_targets t,
      LATERAL (SELECT (e.id * 7919 + t.id * 104729) % 100 AS dice) d,
      LATERAL (SELECT CASE WHEN d.dice < 5 THEN 'failed' WHEN d.dice = 5 THEN 'cancelled'
          ELSE 'completed' END AS status, make_interval(secs => 1 + d.dice) AS took) s
    WHERE e.id BETWEEN :first AND :last ORDER BY e.id, t.id;
