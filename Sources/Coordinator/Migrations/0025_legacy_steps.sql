-- The migration of an existing installation, part two: the check before anything is written, the numbers
-- of executions and branches, columns, indexes and constraints, and the moment from which on the database
-- itself numbers what others insert.

-- Table and columns of the children of a kind, as SQL: what a row says its number is, what it was given.
CREATE FUNCTION serial.legacy_child_names(p_kind text, OUT on_table text, OUT parent text,
  OUT serial_column text, OUT uuid_column text, OUT said text, OUT wish text, OUT given text, OUT seen text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT v.on_table, v.parent, v.serial_column, v.uuid_column, v.said, v.wish, v.given,
      'coalesce(t.created_at, t.started_at, t.scheduled_at, t.completed_at)'
    FROM (VALUES
      ('execution', 'job_executions', 'job_id', 'execution_serial', 'execution_uuid', 't.execution_number',
        't.execution_number', 't.execution_number'),
      ('branch', 'job_execution_branches', 'job_execution_id', 'branch_serial', 'branch_uuid', 't.branch_id',
        'CASE WHEN t.branch_id ~ ''^[0-9]{1,9}$'' THEN t.branch_id::integer END',
        'right(t.branch_serial, 4)::integer')
    ) AS v (kind, on_table, parent, serial_column, uuid_column, said, wish, given)
    WHERE v.kind = p_kind
$$;

-- Whether a table of the registry has a column.
CREATE FUNCTION serial.has_column(p_table text, p_column text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.' || p_table)
    AND attname = p_column AND attnum > 0 AND NOT attisdropped)
$$;

-- Numbers for the children without a serial below some parents, or below all (null). A child keeps the
-- number that it names, 1...9,999, if none has it; of several the older one does. The others get, in order
-- of creation, the next above the highest, and where that does not fit the lowest that is left. number is
-- null where the parent is full. Locks: none.
CREATE FUNCTION serial.legacy_child_numbers(p_kind text, p_parents bigint[])
RETURNS TABLE (id bigint, parent bigint, said text, number integer, reason text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
DECLARE
  n record := serial.legacy_child_names(p_kind);
  v_is_given text := 'false';
  v_given text := 'NULL::integer';
BEGIN
  IF serial.has_column(n.on_table, n.serial_column) THEN
    v_is_given := format('t.%I IS NOT NULL', n.serial_column);
    v_given := n.given;
  END IF;
  RETURN QUERY EXECUTE format($query$
    WITH child AS (
      SELECT t.id::bigint AS id, t.%2$I::bigint AS parent, %3$s::text AS said, %5$s AS is_given,
          CASE WHEN %5$s THEN %6$s WHEN %4$s BETWEEN 1 AND 9999 THEN %4$s END AS name, %4$s AS wish,
          %7$s AS seen
        FROM public.%1$I t WHERE %8$s),
    placed AS (
      SELECT c.*, max(c.name) OVER (PARTITION BY c.parent) AS highest,
          CASE WHEN c.is_given THEN 1 WHEN c.name IS NOT NULL THEN row_number() OVER (
            PARTITION BY c.parent, c.name ORDER BY c.is_given DESC, c.seen, c.id) END AS place
        FROM child c),
    turned AS MATERIALIZED (
      SELECT p.*, coalesce(p.highest, 0) + row_number() OVER (
          PARTITION BY p.parent, p.place IS NOT DISTINCT FROM 1 ORDER BY p.seen, p.id) AS next
        FROM placed p),
    -- as many numbers as there are children hold as many gaps as can be needed
    gap AS MATERIALIZED (
      SELECT f.parent, g AS number, row_number() OVER (PARTITION BY f.parent ORDER BY g) AS turn
        FROM (SELECT x.parent, int4multirange(int4range(1, least(count(*)::integer + 1, coalesce(max(x.highest), 1))))
                - coalesce(range_agg(int4range(x.name, x.name + 1)) FILTER (WHERE x.name IS NOT NULL), '{}')
                AS numbers
              FROM turned x GROUP BY x.parent
              HAVING bool_or(x.place IS DISTINCT FROM 1 AND x.next > 9999)) f
          CROSS JOIN LATERAL unnest(f.numbers) AS u
          CROSS JOIN LATERAL generate_series(lower(u), upper(u) - 1) AS g)
    SELECT k.id, k.parent, k.said, k.name, 'unchanged' FROM turned k WHERE k.place = 1 AND NOT k.is_given
    UNION ALL
    SELECT k.id, k.parent, k.said, CASE WHEN k.next <= 9999 THEN k.next::integer ELSE gap.number END,
        CASE WHEN k.wish IS NULL THEN 'not-a-number' WHEN k.name IS NULL THEN 'does-not-fit'
          ELSE 'duplicate' END
      FROM turned k LEFT JOIN gap ON gap.parent = k.parent AND gap.turn = k.next - 9999
      WHERE k.place IS DISTINCT FROM 1
  $query$, n.on_table, n.parent, n.said, n.wish, v_is_given, v_given, n.seen,
    CASE WHEN p_parents IS NULL THEN 'true' ELSE format('t.%I = ANY ($1)', n.parent) END)
    USING p_parents;
END
$$;

-- Numbers children above an id, those of whole parents, about p_limit at once; returns how many, and the id
-- to go on after (null: the end). Children of a parent, or on a target, that has no serial yet are left.
-- Locks: the children.
CREATE FUNCTION serial.number_legacy_children(p_kind text, p_after bigint, p_limit integer,
  OUT done integer, OUT next_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on'
  SET jit = off AS $$
DECLARE
  n record := serial.legacy_child_names(p_kind);
  v_parents bigint[];
BEGIN
  PERFORM serial.demand_durable(false);
  done := 0;
  EXECUTE format($query$
    WITH head AS MATERIALIZED (
      SELECT t.id, t.%2$I AS parent FROM public.%1$I t WHERE t.%3$I IS NULL AND t.id > $1
        ORDER BY t.id LIMIT $2),
    family AS MATERIALIZED (
      SELECT h.parent, min(h.id) AS first FROM head h GROUP BY h.parent),
    sized AS (
      SELECT f.parent, f.first, sum((SELECT count(*) FROM public.%1$I t
          WHERE t.%2$I = f.parent AND t.%3$I IS NULL)) OVER (ORDER BY f.first) AS through
        FROM family f),
    chosen AS (
      SELECT s.*, lag(s.through, 1, 0::numeric) OVER (ORDER BY s.first) < $2 AS is_in FROM sized s)
    SELECT array_agg(c.parent) FILTER (WHERE c.is_in), coalesce(min(c.first) FILTER (WHERE NOT c.is_in) - 1,
        (SELECT max(h.id) FROM head h))
      FROM chosen c
  $query$, n.on_table, n.parent, n.serial_column) INTO v_parents, next_after USING p_after, p_limit;
  IF v_parents IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format($query$
    WITH fate AS MATERIALIZED (
      SELECT c.id, c.said, c.number, c.reason, o.serial || '.' || lpad(c.number::text, 4, '0') AS serial,
          o.target_serial, t.%3$I AS old_uuid, coalesce(t.%3$I, gen_random_uuid()) AS new_uuid,
          t.created_at AS old_created, coalesce(t.created_at, %4$s, now()) AS new_created,
          t.status IS NULL AS has_no_status
        FROM serial.legacy_child_numbers($1, $2) c JOIN public.%1$I t ON t.id = c.id
          CROSS JOIN LATERAL (%5$s) o
        ORDER BY c.id),
    changed AS (
      UPDATE public.%1$I t SET %2$I = f.serial, %3$I = f.new_uuid, created_at = f.new_created,
          status = coalesce(t.status, 'scheduled'), %6$s
        FROM fate f WHERE t.id = f.id RETURNING 1),
    told AS (
      INSERT INTO serial.legacy_changes (on_table, record_id, on_column, old, new, reason)
        SELECT %1$L, f.id, %7$L, f.said, f.number::text, f.reason FROM fate f
          WHERE f.reason <> 'unchanged'
        UNION ALL
        SELECT %1$L, f.id, 'created_at', NULL, f.new_created::text, 'without-time' FROM fate f
          WHERE f.old_created IS NULL
        UNION ALL
        SELECT %1$L, f.id, 'status', NULL, 'scheduled', 'without-status' FROM fate f WHERE f.has_no_status
        ON CONFLICT DO NOTHING)
    SELECT count(*) FROM changed
  $query$, n.on_table, n.serial_column, n.uuid_column, n.seen,
    CASE p_kind WHEN 'execution' THEN $parent$
      SELECT j.job_serial AS serial, NULL::text AS target_serial FROM public.jobs j
          JOIN serial.legacy_plan p ON p.kind = 'job' AND p.record_id = j.id AND p.applied
        WHERE j.id = c.parent $parent$
    ELSE $parent$
      SELECT e.execution_serial AS serial, g.target_serial FROM public.job_executions e
          LEFT JOIN public.universal_targets g ON g.id = t.target_id
          LEFT JOIN serial.legacy_plan p ON p.kind = 'target' AND p.record_id = g.id AND p.applied
        WHERE e.id = c.parent AND e.execution_serial IS NOT NULL
          AND (g.id IS NULL OR p.record_id IS NOT NULL) $parent$ END,
    CASE p_kind WHEN 'execution' THEN 'execution_number = f.number'
      ELSE 'target_serial_ref = f.target_serial' END,
    CASE p_kind WHEN 'execution' THEN 'execution_number' ELSE 'branch_serial' END)
    INTO done USING p_kind, v_parents;
END
$$;

-- Rows that still lack what the migration gives them. Locks: none.
CREATE FUNCTION serial.legacy_left(OUT jobs bigint, OUT targets bigint, OUT executions bigint, OUT branches bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
BEGIN
  SELECT count(*) INTO jobs FROM public.jobs t WHERE NOT EXISTS (SELECT FROM serial.legacy_plan p
    WHERE p.kind = 'job' AND p.record_id = t.id AND p.applied);
  SELECT count(*) INTO targets FROM public.universal_targets t WHERE NOT EXISTS (SELECT FROM serial.legacy_plan p
    WHERE p.kind = 'target' AND p.record_id = t.id AND p.applied);
  IF serial.has_column('job_executions', 'execution_serial') THEN
    SELECT count(*) INTO executions FROM public.job_executions WHERE execution_serial IS NULL;
  ELSE
    SELECT count(*) INTO executions FROM public.job_executions;
  END IF;
  IF serial.has_column('job_execution_branches', 'branch_serial') THEN
    SELECT count(*) INTO branches FROM public.job_execution_branches WHERE branch_serial IS NULL;
  ELSE
    SELECT count(*) INTO branches FROM public.job_execution_branches;
  END IF;
END
$$;

-- What the migration would do to jobs and targets now, by year; void: numbers below the highest that is kept.
-- Locks: none.
CREATE FUNCTION serial.forecast_legacy()
RETURNS TABLE (kind text, year integer, records bigint, kept bigint, renumbered bigint, void bigint)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
  SELECT k.kind, f.year, count(*), count(*) FILTER (WHERE f.kept), count(*) FILTER (WHERE NOT f.kept),
      (SELECT coalesce(sum(upper(u) - lower(u)), 0) FROM unnest(
        (CASE WHEN EXISTS (SELECT FROM serial.counters c WHERE c.kind = k.kind AND c.year = f.year)
          THEN serial.free_numbers(k.kind, f.year) ELSE '{[1,100000)}' END
        - coalesce(range_agg(int4range(f.number, f.number + 1)) FILTER (WHERE NOT f.accepted), '{}'))
        * int4multirange(int4range(1, greatest(1, max(f.number) FILTER (WHERE f.kept AND NOT f.accepted))))
        ) AS u)::bigint
    FROM (VALUES ('job'), ('target')) AS k (kind)
      CROSS JOIN LATERAL serial.legacy_record_plan(k.kind) f
    GROUP BY k.kind, f.year ORDER BY k.kind, f.year
$$;

-- What the migration would change now, and what it has changed, as serial.legacy_changes has it; new is null
-- where it is not known before. Locks: none.
CREATE FUNCTION serial.rehearse_legacy()
RETURNS TABLE (on_table text, record_id bigint, on_column text, old text, new text, reason text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
DECLARE
  v_kind text;
  n record;
BEGIN
  RETURN QUERY SELECT c.on_table, c.record_id, c.on_column, c.old, c.new, c.reason FROM serial.legacy_changes c;
  FOREACH v_kind IN ARRAY ARRAY['job', 'target'] LOOP
    n := serial.legacy_names(v_kind);
    RETURN QUERY EXECUTE format($query$
      WITH fate AS MATERIALIZED (
        SELECT f.record_id, f.old, f.year, f.number, f.fresh_uuid, f.reason
          FROM serial.legacy_record_plan($1) f
        UNION ALL
        SELECT p.record_id, p.old, p.year, p.number, p.fresh_uuid, p.reason
          FROM serial.legacy_plan p WHERE p.kind = $1 AND NOT p.applied)
      SELECT %1$L, f.record_id, %2$L, f.old, %5$L || f.year || lpad(f.number::text, 5, '0'), f.reason
        FROM fate f WHERE f.reason <> 'unchanged'
      UNION ALL
      SELECT %1$L, t.id, %3$L, t.%3$I::text, NULL,
          CASE WHEN f.fresh_uuid THEN 'duplicate' ELSE 'without-identifier' END
        FROM fate f JOIN public.%1$I t ON t.id = f.record_id WHERE t.%3$I IS NULL OR f.fresh_uuid
      UNION ALL
      SELECT %1$L, t.id, 'created_at', NULL, %4$s::text, 'without-time'
        FROM fate f JOIN public.%1$I t ON t.id = f.record_id WHERE t.created_at IS NULL
    $query$, n.on_table, n.serial_column, n.uuid_column, n.seen, n.prefix) USING v_kind;
  END LOOP;
  FOREACH v_kind IN ARRAY ARRAY['execution', 'branch'] LOOP
    n := serial.legacy_child_names(v_kind);
    RETURN QUERY EXECUTE format($query$
      SELECT %1$L, c.id, %2$L, c.said, c.number::text, c.reason
        FROM serial.legacy_child_numbers($1, NULL) c WHERE c.reason <> 'unchanged'
      UNION ALL
      SELECT %1$L, t.id, 'created_at', NULL, %3$s::text, 'without-time'
        FROM public.%1$I t WHERE t.created_at IS NULL
      UNION ALL
      SELECT %1$L, t.id, 'status', NULL, 'scheduled', 'without-status' FROM public.%1$I t WHERE t.status IS NULL
    $query$, n.on_table, CASE v_kind WHEN 'execution' THEN 'execution_number' ELSE 'branch_serial' END, n.seen)
      USING v_kind;
  END LOOP;
END
$$;

-- The moment of the change: waits for who writes, gives the last rows their serials, and attaches the guards,
-- so that no row without serial is left and none comes after. What is left must be little: writers wait.
-- Locks: the four tables against everything but reading, in any order.
CREATE FUNCTION serial.switch_legacy(p_legacy_writes text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_kind text;
  v_after bigint;
  v_done integer;
  v_count integer := 0;
  v_left record;
BEGIN
  PERFORM serial.demand_durable(false);
  -- A transaction that holds one of the tables and waits for another that is locked here already stands in the
  -- way until this gives up. An application has few orders of its own: by chance one that fits comes soon.
  EXECUTE (SELECT 'LOCK TABLE ' || string_agg(t, ', ' ORDER BY random()) || ' IN EXCLUSIVE MODE'
    FROM unnest(ARRAY['public.universal_targets', 'public.jobs', 'public.job_executions',
      'public.job_execution_branches']) AS t);
  FOREACH v_kind IN ARRAY ARRAY['job', 'target'] LOOP
    PERFORM serial.plan_legacy_records(v_kind);
    LOOP
      SELECT c.done INTO v_done FROM serial.convert_legacy_records(v_kind, 10000) c;
      EXIT WHEN v_done = 0;
      v_count := v_count + v_done;
    END LOOP;
  END LOOP;
  FOREACH v_kind IN ARRAY ARRAY['execution', 'branch'] LOOP
    v_after := 0;
    WHILE v_after IS NOT NULL LOOP
      SELECT c.done, c.next_after INTO v_done, v_after
        FROM serial.number_legacy_children(v_kind, v_after, 10000) c;
      v_count := v_count + v_done;
    END LOOP;
  END LOOP;
  SELECT * INTO v_left FROM serial.legacy_left();
  IF v_left <> ROW (0::bigint, 0::bigint, 0::bigint, 0::bigint) THEN
    RAISE EXCEPTION 'rows without serial are left: jobs %, targets %, executions %, branches %',
      v_left.jobs, v_left.targets, v_left.executions, v_left.branches USING ERRCODE = 'data_exception';
  END IF;
  UPDATE serial.registry SET legacy_writes = p_legacy_writes, changed_at = clock_timestamp();
  PERFORM serial.guard_records();
  INSERT INTO serial.legacy_steps (step, detail) VALUES ('switch', jsonb_build_object('rows', v_count));
  INSERT INTO serial.events (event, detail) VALUES ('registry-guarded', jsonb_build_object(
    'rows', v_count, 'legacy_writes', p_legacy_writes, 'by', session_user));
  RETURN v_count;
END
$$;
