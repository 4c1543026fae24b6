-- The registry: jobs, targets, executions and target results, under EnableDRM's own names in `public`, so
-- that it runs on a new database and on an existing installation alike.
--
-- A database without these tables gets them, and is 'ready'. One that has any of them is an existing
-- installation: nothing of it is touched here, it is 'legacy', and `serialctl migrate-legacy` makes it
-- ready. What keeps records right (numbers, immutability) is attached to the tables by
-- serial.guard_records() (migration 0016), in both cases.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Roles of applications that use the tables by SQL: EnableDRM's own backend.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'serial_application') THEN
    CREATE ROLE serial_application NOLOGIN NOINHERIT;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- made by another database of this server at the same moment
END
$$;

-- One row: whether the tables carry serials, and what happens to rows that others insert.
CREATE TABLE serial.registry (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  -- legacy: an existing installation, not migrated; migrating: the migration has begun
  state text NOT NULL CHECK (state IN ('legacy', 'migrating', 'ready')),
  -- a row with a serial that the allocator did not issue: gets another one, or is refused
  legacy_writes text NOT NULL DEFAULT 'renumber' CHECK (legacy_writes IN ('renumber', 'refuse')),
  -- public.users.id of whom a job belongs to when its creator names nobody
  service_user integer,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Old identifiers, which still find their record.
CREATE TABLE serial.aliases (
  alias text PRIMARY KEY CHECK (octet_length(alias) BETWEEN 1 AND 100),
  kind text NOT NULL CHECK (kind IN ('job', 'target', 'execution', 'branch')),
  serial text NOT NULL CHECK (octet_length(serial) BETWEEN 10 AND 20),
  -- why the record has another serial: 'migrated', 'renumbered'
  reason text NOT NULL CHECK (reason ~ '^[a-z][a-z-]{0,62}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX aliases_serial ON serial.aliases (serial);

-- What creating an execution leaves behind under an idempotency key, as serial.idempotency_keys does for
-- numbers of counters: 24 hours.
CREATE TABLE serial.execution_keys (
  subject text NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 200),
  route text NOT NULL CHECK (octet_length(route) BETWEEN 1 AND 200),
  key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 200),
  request_hash text NOT NULL CHECK (octet_length(request_hash) BETWEEN 1 AND 200),
  execution_serial text NOT NULL CHECK (octet_length(execution_serial) = 15),
  -- how often its answer was given again: the write that makes such an answer durable
  replays integer NOT NULL DEFAULT 0 CHECK (replays >= 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (subject, route, key)
);
CREATE INDEX execution_keys_time ON serial.execution_keys (created_at);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY
    ARRAY['users', 'universal_targets', 'jobs', 'job_executions', 'job_execution_branches']
  LOOP
    IF to_regclass('public.' || v_table) IS NOT NULL THEN
      INSERT INTO serial.registry (state) VALUES ('legacy');
      RETURN;
    END IF;
  END LOOP;

  CREATE TYPE public.job_type AS ENUM ('command', 'script', 'file_transfer', 'composite');
  CREATE TYPE public.job_status AS ENUM
    ('draft', 'scheduled', 'running', 'completed', 'failed', 'cancelled');
  CREATE TYPE public.execution_status AS ENUM
    ('scheduled', 'running', 'completed', 'failed', 'cancelled');

  CREATE TABLE public.users (
    id serial PRIMARY KEY,
    username varchar(50) NOT NULL UNIQUE,
    email varchar(255),
    password_hash varchar(255) NOT NULL,
    role varchar(50) NOT NULL DEFAULT 'user',
    is_active boolean NOT NULL DEFAULT true,
    last_login timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE public.universal_targets (
    id serial PRIMARY KEY,
    target_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    target_serial varchar(20) NOT NULL
      CONSTRAINT universal_targets_serial_form CHECK (target_serial ~ '^T[2-9][0-9]{8}$'),
    name varchar(100) NOT NULL,
    target_type varchar(50) NOT NULL DEFAULT 'system',
    description text,
    os_type varchar(50) NOT NULL,
    environment varchar(50),
    location varchar(100),
    data_center varchar(100),
    region varchar(100),
    is_active boolean NOT NULL DEFAULT true,
    status varchar(50) NOT NULL DEFAULT 'active',
    health_status varchar(50) NOT NULL DEFAULT 'unknown',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE public.target_communication_methods (
    id serial PRIMARY KEY,
    target_id integer NOT NULL REFERENCES public.universal_targets,
    method_type varchar(50) NOT NULL,
    config json,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX target_communication_methods_target_id
    ON public.target_communication_methods (target_id);

  CREATE TABLE public.jobs (
    id serial PRIMARY KEY,
    job_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    job_serial varchar(20) NOT NULL
      CONSTRAINT jobs_serial_form CHECK (job_serial ~ '^J[2-9][0-9]{8}$'),
    name varchar(255) NOT NULL,
    description text,
    job_type public.job_type NOT NULL DEFAULT 'command',
    status public.job_status NOT NULL DEFAULT 'draft',
    created_by integer NOT NULL REFERENCES public.users,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    scheduled_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz
  );

  CREATE TABLE public.job_executions (
    id serial PRIMARY KEY,
    job_id integer NOT NULL REFERENCES public.jobs,
    execution_number integer NOT NULL
      CONSTRAINT job_executions_number_range CHECK (execution_number BETWEEN 1 AND 9999),
    status public.execution_status NOT NULL DEFAULT 'scheduled',
    scheduled_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    execution_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    execution_serial varchar(50) NOT NULL
      CONSTRAINT job_executions_serial_form CHECK (execution_serial ~ '^J[2-9][0-9]{8}\.[0-9]{4}$')
  );

  CREATE TABLE public.job_execution_branches (
    id serial PRIMARY KEY,
    job_execution_id integer NOT NULL REFERENCES public.job_executions,
    target_id integer NOT NULL REFERENCES public.universal_targets,
    branch_id varchar(10) NOT NULL,
    status public.execution_status NOT NULL DEFAULT 'scheduled',
    scheduled_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    result_output text,
    result_error text,
    exit_code integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    branch_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    branch_serial varchar(100) NOT NULL
      CONSTRAINT job_execution_branches_serial_form
        CHECK (branch_serial ~ '^J[2-9][0-9]{8}\.[0-9]{4}\.[0-9]{4}$'),
    target_serial_ref varchar(50),
    outputs_purged_at timestamptz
  );

  INSERT INTO public.users (username, password_hash, role, is_active)
    VALUES ('seriald', '!', 'service', false);
  INSERT INTO serial.registry (state, service_user)
    SELECT 'ready', u.id FROM public.users u WHERE u.username = 'seriald';
END
$$;

-- The indexes of the registry, by name: what `serialctl migrate-legacy` builds concurrently on an existing
-- installation, and what a new database gets at once. The pattern operators serve equality, uniqueness and
-- prefixes (LIKE 'J202500001.%') in whatever collation the database has.
CREATE FUNCTION serial.record_indexes() RETURNS TABLE (name text, on_table text, definition text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  VALUES
    ('jobs_job_serial_key', 'jobs', 'UNIQUE (job_serial varchar_pattern_ops)'),
    ('jobs_job_uuid_key', 'jobs', 'UNIQUE (job_uuid)'),
    ('jobs_name', 'jobs', '(name, id)'),
    ('jobs_name_trgm', 'jobs', 'USING gin (name public.gin_trgm_ops)'),
    ('jobs_created', 'jobs', '(created_at, id)'),
    ('universal_targets_target_serial_key', 'universal_targets',
      'UNIQUE (target_serial varchar_pattern_ops)'),
    ('universal_targets_target_uuid_key', 'universal_targets', 'UNIQUE (target_uuid)'),
    ('universal_targets_name', 'universal_targets', '(name, id)'),
    ('universal_targets_name_trgm', 'universal_targets', 'USING gin (name public.gin_trgm_ops)'),
    ('universal_targets_created', 'universal_targets', '(created_at, id)'),
    ('job_executions_execution_serial_key', 'job_executions',
      'UNIQUE (execution_serial varchar_pattern_ops)'),
    ('job_executions_execution_uuid_key', 'job_executions', 'UNIQUE (execution_uuid)'),
    ('job_executions_number_key', 'job_executions', 'UNIQUE (job_id, execution_number)'),
    ('job_executions_created', 'job_executions', '(created_at, id)'),
    ('job_executions_active', 'job_executions',
      '(status, created_at) WHERE status IN (''scheduled'', ''running'')'),
    ('job_execution_branches_branch_serial_key', 'job_execution_branches',
      'UNIQUE (branch_serial varchar_pattern_ops)'),
    ('job_execution_branches_branch_uuid_key', 'job_execution_branches', 'UNIQUE (branch_uuid)'),
    ('job_execution_branches_execution', 'job_execution_branches',
      '(job_execution_id, branch_serial varchar_pattern_ops)'),
    -- with all that the totals of a target need: its results lie on as many pages of the table as there are
    -- (3,000 results of 3 million: 2 ms from the index alone instead of 180 ms)
    ('job_execution_branches_target', 'job_execution_branches',
      '(target_serial_ref, created_at) INCLUDE (status, started_at, completed_at)'),
    ('job_execution_branches_active', 'job_execution_branches',
      '(job_execution_id) WHERE status IN (''scheduled'', ''running'')'),
    ('job_execution_branches_outputs', 'job_execution_branches',
      '((coalesce(completed_at, created_at))) WHERE outputs_purged_at IS NULL
        AND (result_output IS NOT NULL OR result_error IS NOT NULL)')
$$;

-- The comments of the columns that this project owns.
CREATE FUNCTION serial.comment_records() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  COMMENT ON COLUMN public.jobs.job_serial IS
    'Permanent identifier: J, year in UTC, number 00001...99999 of that year. Never changes.';
  COMMENT ON COLUMN public.universal_targets.target_serial IS
    'Permanent identifier: T, year in UTC, number 00001...99999 of that year. Never changes.';
  COMMENT ON COLUMN public.job_executions.execution_uuid IS
    'Identifier of the execution for machines. Never changes.';
  COMMENT ON COLUMN public.job_executions.execution_serial IS
    'Permanent identifier: the serial of the job, a dot, the number 0001...9999 of the execution below it.';
  COMMENT ON COLUMN public.job_executions.execution_number IS
    'Number of the execution below its job, 1...9999: dense, in order of creation.';
  COMMENT ON COLUMN public.job_execution_branches.branch_uuid IS
    'Identifier of the target result for machines. Never changes.';
  COMMENT ON COLUMN public.job_execution_branches.branch_serial IS
    'Permanent identifier: the serial of the execution, a dot, the number 0001...9999 of the target in it.';
  COMMENT ON COLUMN public.job_execution_branches.target_serial_ref IS
    'Serial of the target that it ran on.';
  COMMENT ON COLUMN public.job_execution_branches.outputs_purged_at IS
    'When result_output and result_error were purged; null while they are kept.';
END
$$;

-- Makes those indexes that are missing, at once and under a lock: for a new database.
CREATE FUNCTION serial.index_records() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  i record;
BEGIN
  FOR i IN SELECT * FROM serial.record_indexes() LOOP
    IF to_regclass('public.' || i.name) IS NULL THEN
      EXECUTE format('CREATE %s INDEX %I ON public.%I %s',
        CASE WHEN i.definition LIKE 'UNIQUE %' THEN 'UNIQUE' ELSE '' END, i.name, i.on_table,
        regexp_replace(i.definition, '^UNIQUE ', ''));
    END IF;
  END LOOP;
END
$$;

-- What the nodes' role may read, and what an application may do.
CREATE FUNCTION serial.grant_records() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  GRANT SELECT ON public.universal_targets, public.jobs, public.job_executions,
    public.job_execution_branches TO serial_node;
  GRANT SELECT (id, username) ON public.users TO serial_node;
  GRANT SELECT, INSERT, UPDATE ON public.universal_targets, public.jobs, public.job_executions,
    public.job_execution_branches TO serial_application;
  GRANT SELECT (id, username, email, role, is_active, created_at) ON public.users
    TO serial_application;
  GRANT USAGE ON SEQUENCE public.universal_targets_id_seq, public.jobs_id_seq,
    public.job_executions_id_seq, public.job_execution_branches_id_seq TO serial_application;
END
$$;

DO $$
BEGIN
  IF (SELECT state FROM serial.registry) = 'ready' THEN
    PERFORM serial.index_records();
    PERFORM serial.comment_records();
    PERFORM serial.grant_records();
    GRANT SELECT, INSERT, UPDATE, DELETE ON public.target_communication_methods
      TO serial_application;
    GRANT USAGE ON SEQUENCE public.target_communication_methods_id_seq TO serial_application;
  END IF;
END
$$;

-- Whether nodes may use the registry: 'ready', or 'legacy' or 'migrating'. Locks: none.
CREATE FUNCTION serial.registry_state() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT state FROM serial.registry
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA serial FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;

GRANT SELECT ON serial.aliases TO serial_node;
GRANT EXECUTE ON FUNCTION serial.registry_state() TO serial_node;
