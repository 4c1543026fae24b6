-- Jobs, targets and executions of the benchmark, without branches. Parameters, replaced in the text:
-- :targets, :jobs, :executions (of each job). Run by a superuser; triggers and foreign keys are left out,
-- since what they would check is made right here.
SET session_replication_role = replica;
DO $$
DECLARE
  i record;
BEGIN
  FOR i IN SELECT name FROM serial.record_indexes() LOOP
    EXECUTE format('DROP INDEX IF EXISTS public.%I', i.name);
  END LOOP;
END
$$;
INSERT INTO public.universal_targets (id, target_serial, name, os_type, region, created_at)
  SELECT n, 'T2026' || lpad(n::text, 5, '0'), 'server-' || n || '.' || (ARRAY['eu', 'us'])[1 + n % 2]
      || '.example', 'linux', (ARRAY['eu', 'us'])[1 + n % 2], now() - interval '400 days'
    FROM generate_series(1, :targets) AS n;
INSERT INTO public.jobs (id, job_serial, name, created_by, created_at)
  SELECT n, 'J2026' || lpad(n::text, 5, '0'), (ARRAY['Update', 'Backup', 'Audit', 'Restart'])[1 + n % 4]
      || ' of fleet ' || n, 1, now() - interval '400 days'
    FROM generate_series(1, :jobs) AS n;
-- The executions of all jobs take turns through the year that has passed.
INSERT INTO public.job_executions (id, job_id, execution_number, status, started_at, completed_at,
    created_at, execution_serial)
  SELECT (e - 1) * :jobs + j, j, e, 'completed', at, at + interval '10 minutes', at,
      'J2026' || lpad(j::text, 5, '0') || '.' || lpad(e::text, 4, '0')
    FROM generate_series(1, :executions) AS e, generate_series(1, :jobs) AS j,
      LATERAL (SELECT now() - interval '365 days'
        * (1 - ((e - 1) * :jobs + j)::float8 / (:jobs * :executions)) AS at) x;
