-- The migration of an existing installation, part three: the check before anything is written, the
-- statements that change the tables, and the end.

-- The columns that the registry reads and writes (requirements, part C), and those that it adds.
CREATE FUNCTION serial.legacy_columns()
RETURNS TABLE (on_table text, on_column text, is_added boolean, types text[])
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT t.name, c.name, false, ARRAY[]::text[] FROM (VALUES
      ('users', 'id username email role is_active created_at'),
      ('universal_targets', 'name target_type description os_type environment location data_center region '
        'is_active status health_status updated_at'),
      ('jobs', 'name description job_type status created_by updated_at scheduled_at started_at completed_at'),
      ('job_executions', 'status scheduled_at started_at completed_at'),
      ('job_execution_branches', 'status scheduled_at started_at completed_at result_output result_error '
        'exit_code')
    ) AS t (name, columns), string_to_table(t.columns, ' ') AS c (name)
  UNION ALL
  SELECT v.* FROM (VALUES
    ('universal_targets', 'id', false, ARRAY['integer', 'bigint']),
    ('universal_targets', 'target_uuid', false, ARRAY['uuid']),
    ('universal_targets', 'target_serial', false, ARRAY['character varying', 'text']),
    ('universal_targets', 'created_at', false, ARRAY['timestamp with time zone']),
    ('jobs', 'id', false, ARRAY['integer', 'bigint']),
    ('jobs', 'job_uuid', false, ARRAY['uuid']),
    ('jobs', 'job_serial', false, ARRAY['character varying', 'text']),
    ('jobs', 'created_at', false, ARRAY['timestamp with time zone']),
    ('job_executions', 'id', false, ARRAY['integer', 'bigint']),
    ('job_executions', 'job_id', false, ARRAY['integer', 'bigint']),
    ('job_executions', 'execution_number', false, ARRAY['integer']),
    ('job_executions', 'created_at', false, ARRAY['timestamp with time zone']),
    ('job_executions', 'execution_uuid', true, ARRAY['uuid']),
    ('job_executions', 'execution_serial', true, ARRAY['character varying', 'text']),
    ('job_execution_branches', 'id', false, ARRAY['integer', 'bigint']),
    ('job_execution_branches', 'job_execution_id', false, ARRAY['integer', 'bigint']),
    ('job_execution_branches', 'target_id', false, ARRAY['integer', 'bigint']),
    ('job_execution_branches', 'branch_id', false, ARRAY['character varying', 'text']),
    ('job_execution_branches', 'created_at', false, ARRAY['timestamp with time zone']),
    ('job_execution_branches', 'branch_uuid', true, ARRAY['uuid']),
    ('job_execution_branches', 'branch_serial', true, ARRAY['character varying', 'text']),
    ('job_execution_branches', 'target_serial_ref', true, ARRAY['character varying', 'text']),
    ('job_execution_branches', 'outputs_purged_at', true, ARRAY['timestamp with time zone'])
  ) AS v (on_table, on_column, is_added, types)
$$;

-- The owner of schema serial, whose rights the functions have that write records.
CREATE FUNCTION serial.schema_owner() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT r.rolname FROM pg_namespace s JOIN pg_roles r ON r.oid = s.nspowner WHERE s.nspname = 'serial'
$$;

-- What the tables are like: a row for each thing that does not let the migration begin. Locks: none.
CREATE FUNCTION serial.check_legacy_tables() RETURNS TABLE (stops boolean, code text, detail text)
LANGUAGE sql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT true, 'table-missing', format('public.%s is missing', t.name)
    FROM (SELECT DISTINCT c.on_table FROM serial.legacy_columns() c) AS t (name)
    WHERE to_regclass('public.' || t.name) IS NULL
  UNION ALL
  SELECT true, 'column-missing', format('public.%s has no column %s', c.on_table, c.on_column)
    FROM serial.legacy_columns() c WHERE NOT c.is_added AND to_regclass('public.' || c.on_table) IS NOT NULL
      AND NOT serial.has_column(c.on_table, c.on_column)
  UNION ALL
  SELECT true, 'column-type', format('public.%s.%s is %s, expected %s', c.on_table, c.on_column,
      format_type(a.atttypid, NULL), array_to_string(c.types, ' or '))
    FROM serial.legacy_columns() c JOIN pg_attribute a ON a.attrelid = to_regclass('public.' || c.on_table)
      AND a.attname = c.on_column AND NOT a.attisdropped
    WHERE c.types <> '{}' AND format_type(a.atttypid, NULL) <> ALL (c.types)
  UNION ALL
  SELECT true, 'enumeration', format('the type of %s.status lacks %s', a.attrelid::regclass,
      string_agg(w.word, ', '))
    FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid AND y.typtype = 'e',
      string_to_table('scheduled running completed failed cancelled', ' ') AS w (word)
    WHERE a.attrelid IN (to_regclass('public.job_executions'), to_regclass('public.job_execution_branches'))
      AND a.attname = 'status'
      AND NOT EXISTS (SELECT FROM pg_enum e WHERE e.enumtypid = y.oid AND e.enumlabel = w.word)
    GROUP BY a.attrelid
  UNION ALL
  SELECT true, 'sequence-missing', format('the sequence public.%s_id_seq is missing', t.name)
    FROM string_to_table('universal_targets jobs job_executions job_execution_branches', ' ') AS t (name)
    WHERE to_regclass(format('public.%s_id_seq', t.name)) IS NULL
  UNION ALL
  SELECT true, 'right-missing', format('%s is not %s, the owner of public.%s, nor has its rights',
      current_user, c.relowner::regrole, c.relname)
    FROM pg_class c WHERE NOT pg_has_role(c.relowner, 'USAGE') AND c.oid IN (
      SELECT to_regclass('public.' || k.on_table) FROM serial.legacy_columns() k)
  UNION ALL
  SELECT true, 'right-missing', format('%s is not %s, the owner of schema serial, nor has its rights',
      current_user, serial.schema_owner())
    WHERE NOT pg_has_role(serial.schema_owner(), 'USAGE')
  UNION ALL
  SELECT true, 'grants-closed', 'grants are closed: the allocator waits for nodes to report what they hold'
    FROM serial.grant_state s WHERE NOT s.grants_open AND (s.opens_at IS NULL OR s.opens_at > clock_timestamp())
$$;

-- What the rows are like: what does not let the migration begin (stops), and what it decides. Called when
-- check_legacy_tables() found nothing. Locks: none.
CREATE FUNCTION serial.check_legacy_rows() RETURNS TABLE (stops boolean, code text, detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
DECLARE
  v_kind text;
  n record;
BEGIN
  FOR n IN SELECT * FROM (VALUES ('job_executions', 'execution_serial'),
      ('job_executions', 'execution_uuid'), ('job_execution_branches', 'branch_serial'),
      ('job_execution_branches', 'branch_uuid')) AS v (on_table, on_column)
    WHERE (SELECT r.state FROM serial.registry r) = 'legacy' AND serial.has_column(v.on_table, v.on_column)
  LOOP
    RETURN QUERY EXECUTE format('SELECT true, ''already-there'', ''public.%1$s.%2$s holds values that '
      'something else has written'' WHERE EXISTS (SELECT FROM public.%1$I WHERE %2$I IS NOT NULL)',
      n.on_table, n.on_column);
  END LOOP;
  FOREACH v_kind IN ARRAY ARRAY['job', 'target'] LOOP
    n := serial.legacy_names(v_kind);
    RETURN QUERY SELECT true, 'year-full', format('%s %s: %s records, and %s of them find no number (99,999 '
        'a year, less what is issued, leased or void: %s)', v_kind, f.year, count(*),
        count(*) FILTER (WHERE f.number IS NULL), coalesce((SELECT c.capacity -
          (SELECT sum(upper(u) - lower(u)) FROM unnest(serial.free_numbers(v_kind, f.year)) AS u)
            FROM serial.counters c WHERE c.kind = v_kind AND c.year = f.year), 0))
      FROM serial.legacy_record_plan(v_kind) f GROUP BY f.year
      HAVING count(*) > count(f.number) ORDER BY f.year;
    RETURN QUERY EXECUTE format('SELECT false, ''without-time'', format(''%%s of public.%1$s have no created_at: '
      'they get the first time that is known of them'', count(*)) FROM public.%1$I WHERE created_at IS NULL '
      'HAVING count(*) > 0', n.on_table);
    RETURN QUERY EXECUTE format('SELECT false, ''time-out-of-range'', format(''%%s of public.%1$s were created '
      'outside of 2000...%%s: they count as created in the year of their identifier, else in this one'', '
      'count(*), max($1)) FROM public.%1$I WHERE extract(year FROM created_at AT TIME ZONE ''UTC'') '
      'NOT BETWEEN 2000 AND $1 HAVING count(*) > 0', n.on_table) USING serial.running_year() + 1;
  END LOOP;
  RETURN QUERY SELECT true, 'job-full', format('job %s (%s) has %s executions, more than 9,999', f.job_id,
      (SELECT j.job_serial FROM public.jobs j WHERE j.id = f.job_id), f.count)
    FROM (SELECT e.job_id, count(*) FROM public.job_executions e GROUP BY e.job_id
      HAVING count(*) > 9999 ORDER BY e.job_id LIMIT 100) f;
  RETURN QUERY SELECT true, 'execution-full', format('execution %s of job %s has %s branches, more than 9,999',
      f.id, (SELECT e.job_id FROM public.job_executions e WHERE e.id = f.id), f.count)
    FROM (SELECT b.job_execution_id AS id, count(*) FROM public.job_execution_branches b
      GROUP BY b.job_execution_id HAVING count(*) > 9999 ORDER BY 1 LIMIT 100) f;
  RETURN QUERY SELECT true, 'orphan', format('execution %s has no job: there is no job %s', f.id, f.job_id)
    FROM (SELECT e.id, e.job_id FROM public.job_executions e
      WHERE NOT EXISTS (SELECT FROM public.jobs j WHERE j.id = e.job_id) ORDER BY e.id LIMIT 100) f;
  RETURN QUERY SELECT true, 'orphan', format('branch %s has no execution: there is no execution %s', f.id,
      f.job_execution_id)
    FROM (SELECT b.id, b.job_execution_id FROM public.job_execution_branches b
      WHERE NOT EXISTS (SELECT FROM public.job_executions e WHERE e.id = b.job_execution_id)
      ORDER BY b.id LIMIT 100) f;
  RETURN QUERY SELECT false, 'without-target', format('%s branches have no target: their target_serial_ref '
      'stays empty', count(*)) FROM public.job_execution_branches b
    WHERE NOT EXISTS (SELECT FROM public.universal_targets t WHERE t.id = b.target_id) HAVING count(*) > 0;
END
$$;

-- Defaults that the registry needs where the application had them in its own code.
CREATE FUNCTION serial.legacy_defaults() RETURNS TABLE (on_table text, on_column text, expression text)
LANGUAGE sql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT v.on_table, v.on_column, v.expression FROM (VALUES
      ('jobs', 'job_uuid', 'gen_random_uuid()', NULL), ('jobs', 'created_at', 'now()', NULL),
      ('jobs', 'updated_at', 'now()', NULL), ('jobs', 'job_type', '''command''', 'command'),
      ('jobs', 'status', '''draft''', 'draft'),
      ('universal_targets', 'target_uuid', 'gen_random_uuid()', NULL),
      ('universal_targets', 'created_at', 'now()', NULL), ('universal_targets', 'updated_at', 'now()', NULL),
      ('universal_targets', 'target_type', '''system''', 'system'),
      ('universal_targets', 'is_active', 'true', NULL),
      ('universal_targets', 'status', '''active''', 'active'),
      ('universal_targets', 'health_status', '''unknown''', 'unknown'),
      ('job_executions', 'execution_uuid', 'gen_random_uuid()', NULL),
      ('job_executions', 'created_at', 'now()', NULL),
      ('job_executions', 'status', '''scheduled''', 'scheduled'),
      ('job_execution_branches', 'branch_uuid', 'gen_random_uuid()', NULL),
      ('job_execution_branches', 'created_at', 'now()', NULL),
      ('job_execution_branches', 'status', '''scheduled''', 'scheduled')
    ) AS v (on_table, on_column, expression, word)
    JOIN pg_attribute a ON a.attrelid = to_regclass('public.' || v.on_table) AND a.attname = v.on_column
      AND NOT a.attisdropped AND NOT a.atthasdef
    JOIN pg_type y ON y.oid = a.atttypid
    WHERE y.typtype <> 'e' OR EXISTS (SELECT FROM pg_enum e WHERE e.enumtypid = y.oid AND e.enumlabel = v.word)
$$;

-- The indexes that only the migration needs, with the columns that an index of the application's own has
-- to begin with to take their place.
CREATE FUNCTION serial.legacy_helper_indexes()
RETURNS TABLE (phase text, name text, on_table text, definition text, begins_with text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  VALUES
    ('helpers', 'serial_legacy_job', 'job_executions', '(job_id, execution_number)', 'job_id'),
    ('helpers', 'serial_legacy_execution', 'job_execution_branches', '(job_execution_id)', 'job_execution_id'),
    ('early', 'serial_legacy_executions_left', 'job_executions', '(id) WHERE execution_serial IS NULL', NULL),
    ('early', 'serial_legacy_branches_left', 'job_execution_branches', '(id) WHERE branch_serial IS NULL', NULL)
$$;

-- The next statements of a phase, each to be run on its own, outside of a transaction; none when the phase is
-- done. slow: it waits for older transactions without standing in anybody's way.
--   columns      what is added, and defaults
--   helpers      indexes that numbering needs
--   early        indexes of what only the migration writes
--   late         the others, when the database itself numbers what others insert
--   constraints  forms, NOT NULL
--   cleanup      drops what only the migration needed
CREATE FUNCTION serial.legacy_statements(p_phase text) RETURNS TABLE (statement text, slow boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT format('ALTER TABLE public.%I %s', c.on_table, string_agg(format('ADD COLUMN %I %s', c.on_column,
      CASE c.on_column WHEN 'execution_serial' THEN 'varchar(50)' WHEN 'branch_serial' THEN 'varchar(100)'
        WHEN 'target_serial_ref' THEN 'varchar(50)' ELSE c.types[1] END), ', ')), false
    FROM serial.legacy_columns() c
    WHERE p_phase = 'columns' AND c.is_added AND NOT serial.has_column(c.on_table, c.on_column)
    GROUP BY c.on_table
  UNION ALL
  SELECT format('ALTER TABLE public.%I %s', d.on_table, string_agg(format('ALTER COLUMN %I SET DEFAULT %s',
      d.on_column, d.expression), ', ')), false
    FROM serial.legacy_defaults() d WHERE p_phase = 'columns' GROUP BY d.on_table
  UNION ALL
  SELECT format('GRANT SELECT, INSERT, UPDATE ON public.%I TO %I', t.name, serial.schema_owner()), false
    FROM string_to_table('users universal_targets jobs job_executions job_execution_branches', ' ') AS t (name)
    WHERE p_phase = 'columns'
      AND NOT (SELECT bool_and(has_table_privilege(serial.schema_owner(), 'public.' || t.name, r.name))
        FROM string_to_table('SELECT INSERT UPDATE', ' ') AS r (name))
  UNION ALL (
    WITH wanted AS (
      SELECT CASE WHEN i.name IN ('jobs_job_serial_key', 'universal_targets_target_serial_key',
          'job_executions_number_key') THEN 'late' ELSE 'early' END AS phase, i.name, i.on_table, i.definition
        FROM serial.record_indexes() i
      UNION ALL
      SELECT h.phase, h.name, h.on_table, h.definition FROM serial.legacy_helper_indexes() h
        WHERE h.begins_with IS NULL OR NOT EXISTS (
          SELECT FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
            WHERE x.indrelid = to_regclass('public.' || h.on_table) AND a.attname = h.begins_with
              AND x.indisvalid AND x.indpred IS NULL AND x.indexrelid::regclass::text !~ 'serial_legacy_')),
    state AS (
      SELECT w.*, x.indexrelid, x.indisvalid AND x.indisready AS is_valid,
          x.indrelid = to_regclass('public.' || w.on_table)
            AND x.indisunique = (w.definition LIKE 'UNIQUE %')
            AND (w.definition LIKE '%pattern_ops%') = (pg_get_indexdef(x.indexrelid) LIKE '%pattern_ops%')
            AS is_ours
        FROM wanted w LEFT JOIN pg_index x ON x.indexrelid = to_regclass('public.' || w.name)
        WHERE w.phase = p_phase)
    -- one of the application's own with this name makes room; what was not finished is made again
    SELECT CASE
        WHEN s.indexrelid IS NULL THEN format('CREATE %s INDEX CONCURRENTLY %I ON public.%I %s',
          CASE WHEN s.definition LIKE 'UNIQUE %' THEN 'UNIQUE' ELSE '' END, s.name, s.on_table,
          regexp_replace(s.definition, '^UNIQUE ', ''))
        WHEN NOT s.is_ours THEN format('ALTER INDEX public.%I RENAME TO %I', s.name, s.name || '_before')
        ELSE format('DROP INDEX CONCURRENTLY public.%I', s.name) END,
      s.indexrelid IS NULL OR s.is_ours
      FROM state s WHERE s.indexrelid IS NULL OR NOT s.is_ours OR NOT s.is_valid)
  UNION ALL (
    WITH wanted AS (
      SELECT * FROM (VALUES
        ('jobs', 'jobs_serial_form', 'job_serial ~ ''^J[2-9][0-9]{8}$'''),
        ('universal_targets', 'universal_targets_serial_form', 'target_serial ~ ''^T[2-9][0-9]{8}$'''),
        ('job_executions', 'job_executions_number_range', 'execution_number BETWEEN 1 AND 9999'),
        ('job_executions', 'job_executions_serial_form',
          'execution_serial ~ ''^J[2-9][0-9]{8}\.[0-9]{4}$'''),
        ('job_execution_branches', 'job_execution_branches_serial_form',
          'branch_serial ~ ''^J[2-9][0-9]{8}\.[0-9]{4}\.[0-9]{4}$''')) AS v (on_table, name, condition)
      WHERE p_phase = 'constraints')
    SELECT CASE WHEN c.oid IS NULL
        THEN format('ALTER TABLE public.%I ADD CONSTRAINT %I CHECK (%s) NOT VALID', w.on_table, w.name, w.condition)
        ELSE format('ALTER TABLE public.%I VALIDATE CONSTRAINT %I', w.on_table, w.name) END, false
      FROM wanted w LEFT JOIN pg_constraint c ON c.conrelid = to_regclass('public.' || w.on_table)
        AND c.conname = w.name
      WHERE c.oid IS NULL OR NOT c.convalidated)
  UNION ALL (
    WITH wanted AS (
      SELECT v.on_table, v.on_column, 'serial_legacy_' || v.on_column AS name FROM (VALUES
        ('jobs', 'job_uuid'), ('jobs', 'job_serial'), ('universal_targets', 'target_uuid'),
        ('universal_targets', 'target_serial'), ('job_executions', 'execution_uuid'),
        ('job_executions', 'execution_serial'), ('job_execution_branches', 'branch_uuid'),
        ('job_execution_branches', 'branch_serial')) AS v (on_table, on_column)
      WHERE p_phase = 'constraints')
    SELECT CASE
        WHEN a.attnotnull THEN format('ALTER TABLE public.%I DROP CONSTRAINT %I', w.on_table, w.name)
        WHEN c.oid IS NULL THEN format('ALTER TABLE public.%I ADD CONSTRAINT %I CHECK (%I IS NOT NULL) NOT VALID',
          w.on_table, w.name, w.on_column)
        WHEN NOT c.convalidated THEN format('ALTER TABLE public.%I VALIDATE CONSTRAINT %I', w.on_table, w.name)
        ELSE format('ALTER TABLE public.%I ALTER COLUMN %I SET NOT NULL', w.on_table, w.on_column) END, false
      FROM wanted w
        JOIN pg_attribute a ON a.attrelid = to_regclass('public.' || w.on_table) AND a.attname = w.on_column
        LEFT JOIN pg_constraint c ON c.conrelid = a.attrelid AND c.conname = w.name
      WHERE NOT a.attnotnull OR c.oid IS NOT NULL)
  UNION ALL
  SELECT format('DROP INDEX CONCURRENTLY public.%I', h.name), true FROM serial.legacy_helper_indexes() h
    WHERE p_phase = 'cleanup' AND to_regclass('public.' || h.name) IS NOT NULL
$$;

-- The user that jobs belong to whose creator names nobody: made as far as the application's table lets it.
-- Null when it does not.
CREATE FUNCTION serial.legacy_service_user() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_user integer;
  v_names text;
  v_values text;
BEGIN
  SELECT u.id INTO v_user FROM public.users u WHERE u.username = 'seriald';
  IF v_user IS NOT NULL THEN
    RETURN v_user;
  END IF;
  SELECT string_agg(format('%I', a.attname), ', '), string_agg(coalesce(v.value, (
      SELECT quote_literal(e.enumlabel) FROM pg_enum e WHERE e.enumtypid = a.atttypid
        ORDER BY e.enumsortorder DESC LIMIT 1), quote_literal('service')), ', ')
    INTO v_names, v_values
    FROM pg_attribute a LEFT JOIN (VALUES ('username', '''seriald'''), ('email', '''seriald@localhost'''),
      ('password_hash', '''!'''), ('is_active', 'false'), ('created_at', 'now()'), ('updated_at', 'now()'))
      AS v (name, value) ON v.name = a.attname
    WHERE a.attrelid = 'public.users'::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname <> 'id' AND (a.attname IN ('username', 'is_active') OR a.attnotnull AND NOT a.atthasdef);
  EXECUTE format('INSERT INTO public.users (%s) VALUES (%s) RETURNING id', v_names, v_values) INTO v_user;
  RETURN v_user;
EXCEPTION WHEN integrity_constraint_violation OR data_exception OR syntax_error_or_access_rule_violation THEN
  RETURN NULL;
END
$$;

-- Comments, rights, the service user: the registry is ready from here on.
-- Locks: executions and branches, as VACUUM does; serial.registry.
CREATE FUNCTION serial.finish_legacy() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_user integer := serial.legacy_service_user();
BEGIN
  PERFORM serial.demand_durable(false);
  PERFORM serial.comment_records();
  PERFORM serial.grant_records();
  PERFORM serial.tune_records();
  UPDATE serial.registry
    SET state = 'ready', service_user = coalesce(service_user, v_user), changed_at = clock_timestamp();
  INSERT INTO serial.legacy_steps (step) VALUES ('ready');
  INSERT INTO serial.events (event, detail) VALUES ('registry-ready', jsonb_build_object(
    'changes', (SELECT count(*) FROM serial.legacy_changes), 'by', session_user));
  RETURN v_user;
END
$$;

-- Whether this session is the one that migrates. Held until the session ends.
CREATE FUNCTION serial.lock_legacy() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT pg_try_advisory_lock(7234, 21)
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA serial FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
