-- Create with record: the rows of jobs and targets that a commit inserts in its own transaction (design
-- section 4). What a row may say, why it is refused, and how it is inserted; 0025 has the commit.

-- The columns that a record may set.
CREATE FUNCTION serial.record_columns(p_kind text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT CASE p_kind
    WHEN 'job' THEN
      ARRAY['name', 'description', 'job_type', 'status', 'created_by', 'scheduled_at']
    ELSE
      ARRAY['name', 'target_type', 'description', 'os_type', 'environment', 'location', 'data_center',
        'region', 'is_active', 'status', 'health_status'] END
$$;

-- How each column of a new record comes about, in an existing installation's table as in a new one:
-- the expression over r, the row as the table's type, and n, which has the serial. is_missing: a record
-- has to give it, since the table has no value of its own for it.
CREATE FUNCTION serial.record_values(p_kind text)
RETURNS TABLE (name text, place integer, expression text, is_missing boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_table regclass := CASE p_kind WHEN 'job' THEN 'public.jobs' ELSE 'public.universal_targets' END;
  v_user integer := (SELECT service_user FROM serial.registry);
BEGIN
  RETURN QUERY
    SELECT a.attname::text, a.attnum::integer, CASE
        WHEN a.attname IN ('job_serial', 'target_serial') THEN 'n.serial'
        WHEN a.attname IN ('job_uuid', 'target_uuid') THEN 'gen_random_uuid()'
        WHEN a.attname IN ('created_at', 'updated_at') THEN 'now()'
        WHEN o.own IS NULL THEN format('r.%I', a.attname)
        ELSE format('coalesce(r.%I, %s)', a.attname, o.own) END,
      a.attnotnull AND o.own IS NULL AND a.attname = ANY (serial.record_columns(p_kind))
    FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      -- what stands for a value that is not given: the table's default; else, where the application sees
      -- to it and not the table, that of a new database, but no label of a foreign enumeration
      CROSS JOIN LATERAL (SELECT CASE
        WHEN a.attname = 'created_by' THEN v_user::text
        WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid)
        WHEN t.typtype = 'e' OR NOT a.attnotnull THEN NULL
        WHEN a.attname = 'target_type' THEN '''system'''
        WHEN a.attname = 'is_active' THEN 'true'
        WHEN a.attname = 'status' THEN CASE p_kind WHEN 'job' THEN '''draft''' ELSE '''active''' END
        WHEN a.attname = 'job_type' THEN '''command'''
        WHEN a.attname = 'health_status' THEN '''unknown''' END AS own) o
    WHERE a.attrelid = v_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND (a.attname = ANY (serial.record_columns(p_kind))
        OR a.attname IN ('job_serial', 'target_serial', 'job_uuid', 'target_uuid')
        OR a.attname IN ('created_at', 'updated_at') AND NOT a.atthasdef);
END
$$;

-- Inserts records: a row for each serial. Bad rows are refused before (refused_records); what fails here
-- all the same fails everything. Locks: the users that the rows name, FOR KEY SHARE.
CREATE FUNCTION serial.insert_records(p_kind text, p_serials text[], p_rows jsonb[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on' AS $$
DECLARE
  v_table text := CASE p_kind WHEN 'job' THEN 'public.jobs' ELSE 'public.universal_targets' END;
  v_names text;
  v_values text;
  v_count integer;
BEGIN
  SELECT string_agg(format('%I', v.name), ', ' ORDER BY v.place),
      string_agg(v.expression, ', ' ORDER BY v.place)
    INTO v_names, v_values FROM serial.record_values(p_kind) v;
  EXECUTE format(
    'INSERT INTO %1$s (%2$s) SELECT %3$s
       FROM unnest($1, $2) WITH ORDINALITY AS n (serial, row, place)
         CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, n.row) AS r
       ORDER BY n.place', v_table, v_names, v_values) USING p_serials, p_rows;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count <> cardinality(p_serials) THEN
    RAISE EXCEPTION 'a trigger of % kept % records out', v_table, cardinality(p_serials) - v_count
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
END
$$;

-- Rows as JSON, in their order; NULL for one that is none.
CREATE FUNCTION serial.parse_rows(p_rows text[]) RETURNS jsonb[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_rows jsonb[] := '{}';
  v_text text;
  v_row jsonb;
BEGIN
  BEGIN
    RETURN p_rows::jsonb[];
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    NULL;  -- one of them is none: which?
  END;
  FOREACH v_text IN ARRAY p_rows LOOP
    BEGIN
      v_row := v_text::jsonb;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
      v_row := NULL;
    END;
    v_rows := array_append(v_rows, v_row);
  END LOOP;
  RETURN v_rows;
END
$$;

-- Why the values of a row do not fit the columns of its table; NULL when they do.
CREATE FUNCTION serial.value_problem(p_kind text, p_row jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v record;
BEGIN
  FOR v IN SELECT e.key, jsonb_build_object(e.key, e.value) AS alone FROM jsonb_each(p_row) e LOOP
    BEGIN
      IF p_kind = 'job' THEN
        PERFORM jsonb_populate_record(NULL::public.jobs, v.alone);
      ELSE
        PERFORM jsonb_populate_record(NULL::public.universal_targets, v.alone);
      END IF;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
      RETURN v.key || ': ' || SQLERRM;
    END;
  END LOOP;
  RETURN NULL;
END
$$;

-- The first problem of each request that has one, and in which of its rows.
CREATE FUNCTION serial.first_problems(p_requests uuid[], p_problems text[])
RETURNS TABLE (request uuid, detail text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT DISTINCT ON (q.request) q.request,
      CASE WHEN q.rows > 1 THEN 'record ' || q.place || ': ' ELSE '' END || q.problem
    FROM (SELECT u.request, u.problem, count(*) OVER (PARTITION BY u.request) AS rows,
              row_number() OVER (PARTITION BY u.request ORDER BY u.place) AS place
            FROM unnest(p_requests, p_problems) WITH ORDINALITY AS u (request, problem, place)) q
    WHERE q.problem IS NOT NULL ORDER BY q.request, q.place
$$;

-- Which requests have a row that cannot be a record, and why. All rows are looked at together; one by one
-- only when something is wrong. Locks: none.
CREATE FUNCTION serial.refused_records(p_kind text, p_requests uuid[], p_rows jsonb[])
RETURNS TABLE (request uuid, detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_columns text[];
  v_missing text[];
BEGIN
  SELECT array_agg(v.name), coalesce(array_agg(v.name) FILTER (WHERE v.is_missing), '{}')
    INTO v_columns, v_missing FROM serial.record_values(p_kind) v
    WHERE v.name = ANY (serial.record_columns(p_kind));
  RETURN QUERY SELECT * FROM serial.first_problems(p_requests, array(
    SELECT CASE
        WHEN u.row IS NULL THEN 'it is not JSON'
        WHEN jsonb_typeof(u.row) <> 'object' THEN 'it is not a JSON object'
        ELSE coalesce(
          (SELECT left(e.key, 60) || CASE WHEN e.key = ANY (v_columns)
                THEN ': expected a text, a number or a truth value'
                ELSE ' is no column that a record sets' END
              FROM jsonb_each(u.row) e
              WHERE e.key <> ALL (v_columns) OR jsonb_typeof(e.value) IN ('object', 'array')
              ORDER BY e.key LIMIT 1),
          (SELECT m || ' is missing' FROM unnest(v_missing) m
            WHERE coalesce(u.row -> m, 'null') = 'null' LIMIT 1)) END
      FROM unnest(p_rows) WITH ORDINALITY AS u (row, place) ORDER BY u.place));
  IF FOUND THEN
    RETURN;
  END IF;
  BEGIN
    IF p_kind = 'job' THEN
      RETURN QUERY SELECT * FROM serial.first_problems(p_requests, array(
        SELECT CASE WHEN r.created_by IS NOT NULL AND x.id IS NULL
            THEN 'created_by: there is no user ' || r.created_by END
          FROM unnest(p_rows) WITH ORDINALITY AS u (row, place)
            CROSS JOIN LATERAL jsonb_populate_record(NULL::public.jobs, u.row) AS r
            LEFT JOIN public.users x ON x.id = r.created_by
          ORDER BY u.place));
    ELSE
      PERFORM count(r.*) FROM unnest(p_rows) AS u,
        LATERAL jsonb_populate_record(NULL::public.universal_targets, u) AS r;
    END IF;
  EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
    RETURN QUERY SELECT * FROM serial.first_problems(p_requests, array(
      SELECT serial.value_problem(p_kind, u.row)
        FROM unnest(p_rows) WITH ORDINALITY AS u (row, place) ORDER BY u.place));
  END;
END
$$;

-- Which of these numbers a record carries. For one that gets a recipient anew (again), also when somebody
-- is about to insert a row with its serial: whoever does holds the serial's lock until the transaction
-- ends, and is not waited for. Locks: advisory, one for each such serial; never waits.
CREATE FUNCTION serial.carried_numbers(
  p_leases uuid[], p_numbers integer[], p_serials text[], p_again boolean[])
RETURNS TABLE (lease uuid, number integer)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_carried text[];
BEGIN
  v_carried := array(SELECT u.serial FROM unnest(p_serials, p_again) AS u (serial, again)
    WHERE CASE WHEN u.again
      THEN NOT pg_try_advisory_xact_lock(hashtextextended(u.serial, 7234)) ELSE false END);
  -- in a statement of its own: it sees what whoever had a lock before has inserted
  v_carried := v_carried
    || array(SELECT x.job_serial::text FROM public.jobs x WHERE x.job_serial = ANY (p_serials))
    || array(SELECT x.target_serial::text FROM public.universal_targets x
      WHERE x.target_serial = ANY (p_serials));
  RETURN QUERY SELECT u.lease, u.number
    FROM unnest(p_leases, p_numbers, p_serials) AS u (lease, number, serial)
    WHERE u.serial = ANY (v_carried);
END
$$;

-- Inserts the records of a commit. Returns nothing when that is done. Else nothing is: a row with a lease
-- for each number that a record carries already, and a row with a request for each that is refused.
-- The rows of several requests are inserted together: when that fails it fails the commit, and the node
-- sends each of them alone. Of one request alone the error is the answer.
-- Locks: advisory, serials of again lines, without waiting; users that rows name, FOR KEY SHARE.
CREATE FUNCTION serial.put_records(
  p_line_lease uuid[], p_line_first integer[], p_line_last integer[], p_line_request uuid[],
  p_line_again boolean[], p_requests uuid[], p_rows text[])
RETURNS TABLE (lease uuid, number integer, request uuid, detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_count integer := coalesce(cardinality(p_rows), 0);
  v_rows jsonb[];
  v_leases uuid[];
  v_numbers integer[];
  v_serials text[];
  v_again boolean[];
  v_row_serials text[];
  v_kinds text[];
  v_found boolean;
  v_error text;
BEGIN
  IF serial.registry_state() <> 'ready' THEN
    RETURN QUERY SELECT DISTINCT NULL::uuid, NULL::integer, u,
        'the registry is not migrated: run serialctl migrate-legacy' FROM unnest(p_requests) AS u;
    RETURN;
  END IF;

  WITH own AS MATERIALIZED (
    SELECT n.lease, n.request, n.again, x.kind, g.number,
        format('%s%s%s', CASE x.kind WHEN 'job' THEN 'J' ELSE 'T' END, x.year,
          lpad(g.number::text, 5, '0')) AS serial,
        row_number() OVER (PARTITION BY n.request ORDER BY x.year, g.number) AS nth
      FROM unnest(p_line_lease, p_line_first, p_line_last, p_line_request, p_line_again)
          AS n (lease, first, last, request, again)
        JOIN serial.leases x ON x.lease_id = n.lease
        CROSS JOIN LATERAL generate_series(n.first, n.last) AS g (number)
      WHERE n.again OR n.request = ANY (p_requests)),
  rows AS (
    SELECT u.request, u.place, row_number() OVER (PARTITION BY u.request ORDER BY u.place) AS nth
      FROM unnest(p_requests) WITH ORDINALITY AS u (request, place))
  SELECT o.*, r.* INTO v_leases, v_numbers, v_serials, v_again, v_row_serials, v_kinds
    FROM (SELECT array_agg(lease ORDER BY serial), array_agg(number ORDER BY serial),
              array_agg(serial ORDER BY serial), array_agg(again ORDER BY serial) FROM own) o,
      (SELECT array_agg(w.serial ORDER BY q.place), array_agg(DISTINCT w.kind)
        FROM rows q FULL JOIN (SELECT * FROM own y WHERE y.request = ANY (p_requests)) w
          ON w.request = q.request AND w.nth = q.nth) r;
  IF v_count > 0 AND (cardinality(p_requests) <> v_count OR cardinality(v_row_serials) <> v_count
      OR cardinality(v_kinds) <> 1 OR v_kinds[1] IS NULL) THEN
    RAISE EXCEPTION 'expected a record for each number of its request, of one kind'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  RETURN QUERY SELECT c.lease, c.number, NULL::uuid, NULL::text
    FROM serial.carried_numbers(v_leases, v_numbers, v_serials, v_again) c;
  v_found := FOUND;
  IF v_count = 0 THEN
    RETURN;
  END IF;
  v_rows := serial.parse_rows(p_rows);
  RETURN QUERY SELECT NULL::uuid, NULL::integer, f.request, f.detail
    FROM serial.refused_records(v_kinds[1], p_requests, v_rows) f;
  IF v_found OR FOUND THEN
    RETURN;
  END IF;
  IF NOT p_requests[1] = ALL (p_requests) THEN
    PERFORM serial.insert_records(v_kinds[1], v_row_serials, v_rows);
    RETURN;
  END IF;
  BEGIN
    PERFORM serial.insert_records(v_kinds[1], v_row_serials, v_rows);
  EXCEPTION WHEN integrity_constraint_violation OR data_exception OR raise_exception THEN
    v_error := SQLERRM;
    -- a record that was inserted meanwhile is not the caller's fault
    RETURN QUERY SELECT c.lease, c.number, NULL::uuid, NULL::text
      FROM serial.carried_numbers(v_leases, v_numbers, v_serials, v_again) c;
    IF NOT FOUND THEN
      RETURN QUERY SELECT NULL::uuid, NULL::integer, p_requests[1], v_error;
    END IF;
  END;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
