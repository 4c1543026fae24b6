-- One million rows of an existing EnableDRM installation, with every irregularity: 60,000 jobs, 40,000 targets,
-- 200,000 executions, 700,000 branches. The same rows each time (setseed).
SELECT setseed(0.5);
INSERT INTO users (username, email, password_hash, role, is_active)
  SELECT 'generator', 'generator@example.org', 'x', 'user', true
  WHERE NOT EXISTS (SELECT FROM users WHERE username = 'generator');
INSERT INTO jobs (job_uuid, job_serial, name, job_type, status, created_by, created_at)
SELECT CASE WHEN n % 50 > 0 THEN gen_random_uuid() END,
    CASE
      WHEN n % 100 = 0 THEN NULL
      WHEN n % 100 = 1 THEN 'OLD-' || n % 700
      WHEN n % 100 = 2 THEN 'JOB-' || y || '-' || 100000 + n
      WHEN n % 100 < 10 THEN 'J' || y || lpad((1 + n % 9999)::text, 4, '0')
      WHEN n % 100 < 20 THEN 'J' || y || lpad((1 + n / 5)::text, 5, '0')
      WHEN n % 100 < 30 THEN 'JOB-' || y || '-' || lpad((n / 5)::text, 6, '0')
      ELSE 'JOB-' || y || '-' || lpad((1 + n / 5)::text, 6, '0') END,
    'job ' || n, 'command', 'completed'::public.jobstatus, (SELECT min(id) FROM users),
    CASE WHEN n % 500 > 0 THEN make_timestamptz(y, 1, 1, 0, 0, 0, 'UTC') + interval '8 minutes' * n END
  FROM (SELECT n, 2021 + n % 5 AS y FROM generate_series(1, 60000) AS n) s;
INSERT INTO universal_targets (target_uuid, target_serial, name, os_type, is_active, status, created_at)
SELECT gen_random_uuid(), CASE
      WHEN n % 40 = 0 THEN 'T' || y || lpad((1 + n % 9999)::text, 4, '0')
      WHEN n % 40 = 1 THEN 'TGT-' || y || '-' || 200000 + n
      ELSE 'TGT-' || y || '-' || lpad((1 + n / 5)::text, 6, '0') END,
    'target ' || n, 'linux', true, 'active',
    make_timestamptz(y, 1, 1, 0, 0, 0, 'UTC') + interval '10 minutes' * n
  FROM (SELECT n, 2021 + n % 5 AS y FROM generate_series(1, 40000) AS n) s;
-- a fifth of the numbers is wrong: twice, too high, zero
INSERT INTO job_executions (job_id, execution_number, status, created_at, started_at)
SELECT j, CASE WHEN n % 5 > 0 THEN 1 + n / 60000 WHEN n % 3 = 0 THEN 0 WHEN n % 3 = 1 THEN 1 ELSE 20000 END,
    'completed'::public.executionstatus, make_timestamptz(2025, 1, 1, 0, 0, 0, 'UTC') + interval '1 minute' * n, now()
  FROM (SELECT n, 1 + (n - 1) % 60000 AS j FROM generate_series(1, 180000) AS n) s
UNION ALL
-- two jobs with as many as there can be
SELECT 1 + n % 2, 1 + n % 7000, 'completed'::public.executionstatus, make_timestamptz(2026, 1, 1, 0, 0, 0, 'UTC') + interval '1 minute' * n,
    now()
  FROM generate_series(1, 20000 - 12) AS n
UNION ALL
SELECT 3, 1, 'completed'::public.executionstatus, now(), now() FROM generate_series(1, 12) AS n;
INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id, status, created_at, result_output,
    exit_code)
SELECT 1 + (n - 1) % 170000, 1 + (random() * 39999)::integer,
    CASE WHEN n % 9 = 0 THEN 'web-' || n % 100 WHEN n % 11 = 0 THEN '001' WHEN n % 13 = 0 THEN '9999'
      ELSE lpad((1 + n / 170000)::text, 3, '0') END,
    'completed'::public.executionstatus, make_timestamptz(2025, 1, 1, 0, 0, 0, 'UTC') + interval '20 seconds' * n, repeat('output ', 20), 0
  FROM generate_series(1, 690001) AS n
UNION ALL
-- one execution with as many as there can be
SELECT 199999, 1 + n % 40000, '001', 'failed'::public.executionstatus, now(), NULL, 1 FROM generate_series(1, 9999) AS n;
