-- The migration of an existing installation, part one: what is planned and remembered, the check before
-- anything is written, the serials of jobs and targets and their place in the ledger.
--
-- `serialctl migrate-legacy` calls these functions, each in a transaction of its own, as an administrator.
-- Every one does what is left to do: called again after a kill it goes on. A record's new number is in the
-- ledger before the record carries it, so that no node can be granted it at any moment.

-- What became of every job and target that the migration found.
CREATE TABLE serial.legacy_plan (
  kind text NOT NULL CHECK (kind IN ('job', 'target')),
  record_id bigint NOT NULL,
  old text,
  year integer NOT NULL CHECK (year BETWEEN 2000 AND 9999),
  number integer NOT NULL CHECK (number BETWEEN 1 AND 99999),
  -- whether it keeps year and number of its old identifier, or its serial
  kept boolean NOT NULL,
  reason text NOT NULL,
  -- another record has its uuid
  fresh_uuid boolean NOT NULL,
  -- 0: it carries the serial of another record, and lets go of it before that one gets it
  phase smallint NOT NULL CHECK (phase IN (0, 1)),
  -- whether the record carries its number
  applied boolean NOT NULL DEFAULT false,
  PRIMARY KEY (kind, record_id),
  UNIQUE (kind, year, number)
);
CREATE INDEX legacy_plan_left ON serial.legacy_plan (kind, phase, record_id) WHERE NOT applied;
CREATE INDEX legacy_plan_old ON serial.legacy_plan (kind, old);

-- Every value of a record that the migration changed, once: the report.
CREATE TABLE serial.legacy_changes (
  on_table text NOT NULL,
  record_id bigint NOT NULL,
  on_column text NOT NULL,
  old text,
  new text NOT NULL,
  reason text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (on_table, record_id, on_column)
);

-- What of the migration is done.
CREATE TABLE serial.legacy_steps (
  step text PRIMARY KEY CHECK (step ~ '^[a-z][a-z-]{0,62}$'),
  detail jsonb,
  finished_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The pseudo-node that numbers of an existing installation are issued by, as `database` in 0016: no role can
-- log in as it, its process never ends and never lives.
DO $$
BEGIN
  IF EXISTS (SELECT FROM serial.nodes WHERE node = 'migration') THEN
    RAISE EXCEPTION 'a node is called migration: retire it and delete its row first, the name is needed';
  END IF;
END
$$;
INSERT INTO serial.nodes (node, role, region, state)
  VALUES ('migration', 'pg_serial_migration', 'internal', 'internal');
INSERT INTO serial.boots (boot_id, node, ttl)
  VALUES (gen_random_uuid(), 'migration', interval '1 microsecond');

-- Table and columns of a kind, and as SQL what a row t tells of itself:
--   seen    when it was created, as far as anything tells
--   parsed  year and number of its old identifier: JOB-2025-000001, J20250001 or J202500001 of a job,
--           TGT-2025-000001, T20250001 or T202500001 of a target; null where the text has another form
--   wish    that number where it fits 1...99,999 of the years from 2000
--   home    the year that it is numbered in when it keeps nothing: that of its creation in UTC, else that of
--           its identifier, else the running one ($2)
-- Text and not functions: a call for each of a million rows takes longer than everything else.
CREATE FUNCTION serial.legacy_names(p_kind text, OUT on_table text, OUT serial_column text,
  OUT uuid_column text, OUT prefix text, OUT seen text, OUT parsed text, OUT wish text, OUT home text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT v.on_table, v.serial_column, v.uuid_column, v.prefix, v.seen, format($parsed$
      LATERAL (SELECT CASE f.form WHEN 1 THEN substr(t.%1$I, 5, 4) WHEN 2 THEN substr(t.%1$I, 2, 4) END::integer
          AS year, CASE f.form WHEN 1 THEN substr(t.%1$I, 10) WHEN 2 THEN substr(t.%1$I, 6) END::integer AS number
        FROM (SELECT CASE
            WHEN t.%1$I LIKE '%2$s-____-%%' AND length(t.%1$I) BETWEEN 10 AND 18
              AND translate(substr(t.%1$I, 5, 4) || substr(t.%1$I, 10), '0123456789', '') = '' THEN 1
            WHEN t.%1$I LIKE '%3$s%%' AND length(t.%1$I) BETWEEN 9 AND 10
              AND translate(substr(t.%1$I, 2), '0123456789', '') = '' THEN 2 END AS form OFFSET 0) f OFFSET 0) w
      $parsed$, v.serial_column, v.long_prefix, v.prefix),
      'CASE WHEN w.year >= 2000 AND w.number BETWEEN 1 AND 99999 THEN w.number END',
      format('CASE WHEN %s >= ''2000-01-01Z'' AND %s < make_timestamptz($2 + 2, 1, 1, 0, 0, 0, ''UTC'')
          THEN extract(year FROM %s AT TIME ZONE ''UTC'')::integer
        WHEN w.year BETWEEN 2000 AND $2 + 1 THEN w.year ELSE $2 END', v.seen, v.seen, v.seen)
    FROM (VALUES
      ('job', 'jobs', 'job_serial', 'job_uuid', 'J', 'JOB',
        'coalesce(t.created_at, t.updated_at, t.started_at)'),
      ('target', 'universal_targets', 'target_serial', 'target_uuid', 'T', 'TGT',
        'coalesce(t.created_at, t.updated_at)')
    ) AS v (kind, on_table, serial_column, uuid_column, prefix, long_prefix, seen)
    WHERE v.kind = p_kind
$$;

-- The numbers of records without a plan, as they would be now; number is null where the year is full. The
-- record that is older keeps a number that several name. A number keeps who names it when it is free, or
-- when the allocator had issued it by the time the record was made with this very serial. The others get,
-- in order of creation, the lowest free numbers above the highest that is kept, then those below it.
-- Locks: none. Who writes the plan down holds the counters.
CREATE FUNCTION serial.legacy_record_plan(p_kind text)
RETURNS TABLE (record_id bigint, old text, year integer, number integer, kept boolean,
  accepted boolean, compact boolean, fresh_uuid boolean, reason text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
DECLARE
  n record := serial.legacy_names(p_kind);
BEGIN
  RETURN QUERY EXECUTE format($query$
    WITH record AS MATERIALIZED (
      SELECT t.id::bigint AS id, t.%2$I::text AS old, t.%3$I AS uuid, %4$s AS seen, w.year AS wish_year,
          %7$s AS wish, %8$s AS home,
          length(t.%2$I) = 10 AND left(t.%2$I, 1) = '%5$s' AND %7$s IS NOT NULL AS compact
        FROM public.%1$I t CROSS JOIN %6$s
        WHERE NOT EXISTS (SELECT FROM serial.legacy_plan p WHERE p.kind = $1 AND p.record_id = t.id)),
    twin AS (
      SELECT x.id FROM (SELECT r.id, row_number() OVER (PARTITION BY r.uuid ORDER BY r.seen, r.id) AS place
        FROM record r WHERE r.uuid IS NOT NULL) x WHERE x.place > 1),
    available AS MATERIALIZED (
      SELECT y.year, CASE WHEN EXISTS (SELECT FROM serial.counters c WHERE c.kind = $1 AND c.year = y.year)
          THEN serial.free_numbers($1, y.year) ELSE '{[1,100000)}' END AS numbers
        FROM (SELECT wish_year FROM record WHERE wish IS NOT NULL UNION SELECT home FROM record)
          AS y (year)),
    judged AS MATERIALIZED (
      SELECT r.*, a.numbers @> r.wish AS is_free,
          NOT a.numbers @> r.wish AND r.compact AND EXISTS (
            SELECT FROM serial.issue_log i WHERE i.kind = $1 AND i.year = r.wish_year
              AND i.numbers @> r.wish AND NOT i.again AND i.issued_at - interval '5 minutes' <= r.seen)
            AND NOT EXISTS (SELECT FROM serial.void_ranges v WHERE v.kind = $1 AND v.year = r.wish_year
              AND v.numbers @> r.wish)
            AND NOT EXISTS (SELECT FROM serial.legacy_plan p WHERE p.kind = $1 AND p.year = r.wish_year
              AND p.number = r.wish) AS is_issued
        FROM record r JOIN available a ON a.year = r.wish_year WHERE r.wish IS NOT NULL),
    placed AS MATERIALIZED (
      SELECT j.*, CASE WHEN j.is_free OR j.is_issued THEN row_number() OVER (
          PARTITION BY j.wish_year, j.wish, j.is_free OR j.is_issued ORDER BY j.seen, j.id) END AS place
        FROM judged j),
    top AS (SELECT p.wish_year AS year, max(p.wish) AS number FROM placed p
      WHERE p.place = 1 AND p.is_free GROUP BY 1),
    rest AS MATERIALIZED (
      SELECT r.*, p.place, row_number() OVER (PARTITION BY r.home ORDER BY r.seen, r.id) AS turn
        FROM record r LEFT JOIN placed p ON p.id = r.id WHERE p.place IS DISTINCT FROM 1),
    spare AS MATERIALIZED (
      SELECT a.year, f.number, row_number() OVER (PARTITION BY a.year ORDER BY f.is_below, f.number) AS turn
        FROM available a JOIN (SELECT rest.home, count(*) AS rows FROM rest GROUP BY 1) k ON k.home = a.year
          LEFT JOIN top ON top.year = a.year
          CROSS JOIN LATERAL (
            SELECT g AS number, g < coalesce(top.number, 0) AS is_below
              FROM unnest(a.numbers - coalesce((SELECT range_agg(int4range(p.wish, p.wish + 1))
                  FROM placed p WHERE p.place = 1 AND p.wish_year = a.year), '{}')) AS u
                CROSS JOIN LATERAL generate_series(lower(u), upper(u) - 1) AS g
              ORDER BY 2, 1 LIMIT k.rows) f)
    SELECT p.id, p.old, p.wish_year, p.wish, true, p.is_issued, p.compact,
        p.id IN (SELECT twin.id FROM twin),
        CASE WHEN p.compact THEN 'unchanged' ELSE 'converted' END
      FROM placed p WHERE p.place = 1
    UNION ALL
    SELECT r.id, r.old, r.home, s.number, false, false, r.compact, r.id IN (SELECT twin.id FROM twin),
        CASE WHEN coalesce(r.old, '') = '' THEN 'without-identifier'
          WHEN r.wish_year IS NULL THEN 'unknown-form'
          WHEN r.wish IS NULL THEN 'does-not-fit'
          WHEN r.place > 1 OR EXISTS (SELECT FROM serial.legacy_plan p WHERE p.kind = $1
            AND p.year = r.wish_year AND p.number = r.wish) THEN 'duplicate'
          ELSE 'taken' END
      FROM rest r LEFT JOIN spare s ON s.year = r.home AND s.turn = r.turn
  $query$, n.on_table, n.serial_column, n.uuid_column, n.seen, n.prefix, n.parsed, n.wish, n.home)
    USING p_kind, serial.running_year();
END
$$;

-- Writes numbers down as issued to records of an existing installation, in closed leases with lines, and
-- what is free below the highest that was kept as void. All of them are free.
-- Locks: the caller holds the counter's row.
CREATE FUNCTION serial.enter_legacy_numbers(
  p_kind text, p_year integer, p_numbers int4multirange, p_highest integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  b serial.boots;
  v_free int4multirange := serial.free_numbers(p_kind, p_year);
  v_void int4multirange := '{}';
  v_left int4multirange;
  v_count integer;
  v_request uuid := gen_random_uuid();
BEGIN
  SELECT * INTO STRICT b FROM serial.boots WHERE node = 'migration' AND ended_at IS NULL;
  IF NOT v_free @> p_numbers THEN
    RAISE EXCEPTION 'numbers of % % are not free: %', p_kind, p_year, p_numbers - v_free
      USING ERRCODE = 'serialization_failure';
  END IF;
  IF p_highest > 1 THEN
    v_void := (v_free - p_numbers) * int4multirange(int4range(1, p_highest));
  END IF;
  v_left := v_free - p_numbers - v_void;
  DELETE FROM serial.free_ranges WHERE kind = p_kind AND year = p_year;
  UPDATE serial.counters
    SET settled = settled + (SELECT coalesce(sum(upper(u) - lower(u)), 0) FROM unnest(p_numbers) AS u),
      next_number = coalesce((SELECT lower(u) FROM unnest(v_left) AS u WHERE upper(u) = capacity + 1),
        capacity + 1)
    WHERE kind = p_kind AND year = p_year;
  INSERT INTO serial.free_ranges (kind, year, numbers)
    SELECT p_kind, p_year, u FROM unnest(v_left) AS u WHERE upper(u) <= 99999;
  WITH lease AS (
    INSERT INTO serial.leases (lease_id, kind, year, node, boot_id, token, first, last,
        committed_through, handed_out_through, state, close_reason, closed_through, named_year, ttl,
        expires_at, closed_at)
      SELECT gen_random_uuid(), p_kind, p_year, b.node, b.boot_id, gen_random_uuid(), lower(u),
          upper(u) - 1, upper(u) - 1, upper(u) - 1, 'closed', 'released', upper(u) - 1, true,
          interval '1 second', clock_timestamp(), clock_timestamp()
        FROM unnest(p_numbers) AS u
      RETURNING lease_id, block)
  INSERT INTO serial.issue_log (kind, year, numbers, lease_id, node, boot_id, subject, request_id)
    SELECT p_kind, p_year, l.block, l.lease_id, b.node, b.boot_id, 'migration', v_request FROM lease l;
  INSERT INTO serial.void_ranges (kind, year, numbers, reason, voided_by)
    SELECT p_kind, p_year, u, 'below the highest number of an existing installation and used by no record: '
        || 'it may be printed somewhere', 'migration'
      FROM unnest(v_void) AS u;
  SELECT coalesce(sum(upper(u) - lower(u)), 0) INTO v_count FROM unnest(v_void) AS u;
  INSERT INTO serial.events (event, kind, year, node, detail)
    VALUES ('migrated', p_kind, p_year, b.node, jsonb_build_object(
      'issued', (SELECT coalesce(sum(upper(u) - lower(u)), 0) FROM unnest(p_numbers) AS u),
      'void', v_count, 'highest_kept', p_highest));
  RETURN v_count;
END
$$;

-- Plans the records of a kind that have no plan, and enters their numbers in the ledger: at once, so that
-- both are there or none. Returns how many it planned and how many numbers became void.
-- Locks: counters by year.
CREATE FUNCTION serial.plan_legacy_records(p_kind text, OUT planned integer, OUT voided integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp SET jit = off AS $$
DECLARE
  n record := serial.legacy_names(p_kind);
  v_years integer[];
  y record;
BEGIN
  PERFORM serial.demand_durable(false);
  planned := 0;
  voided := 0;
  EXECUTE format($query$
    SELECT array_agg(DISTINCT y.year) FROM public.%1$I t CROSS JOIN %2$s
      CROSS JOIN LATERAL (VALUES (%4$s), (CASE WHEN %3$s IS NOT NULL THEN w.year END)) AS y (year)
      WHERE NOT EXISTS (SELECT FROM serial.legacy_plan p WHERE p.kind = $1 AND p.record_id = t.id)
        AND y.year IS NOT NULL
  $query$, n.on_table, n.parsed, n.wish, n.home) INTO v_years USING p_kind, serial.running_year();
  IF v_years IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO serial.counters (kind, year) SELECT p_kind, u FROM unnest(v_years) AS u ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
  PERFORM FROM serial.counters k WHERE k.kind = p_kind AND k.year = ANY (v_years)
    ORDER BY k.kind, k.year FOR NO KEY UPDATE;
  PERFORM serial.reap_counter(p_kind, u) FROM unnest(v_years) AS u;
  PERFORM serial.clear_stock(p_kind, u, true) FROM unnest(v_years) AS u;
  -- a record that came meanwhile may have all but a year that is locked: the next call takes it
  CREATE TEMP TABLE IF NOT EXISTS legacy_fresh (record_id bigint, old text, year integer, number integer,
    kept boolean, accepted boolean, compact boolean, fresh_uuid boolean, reason text) ON COMMIT DROP;
  TRUNCATE pg_temp.legacy_fresh;
  INSERT INTO pg_temp.legacy_fresh
    SELECT * FROM serial.legacy_record_plan(p_kind) f WHERE f.year = ANY (v_years);
  IF EXISTS (SELECT FROM pg_temp.legacy_fresh f WHERE f.number IS NULL) THEN
    RAISE EXCEPTION '% has no free number left for % % records', p_kind,
      (SELECT count(*) FROM pg_temp.legacy_fresh f WHERE f.number IS NULL), n.on_table
      USING ERRCODE = 'SR001';
  END IF;
  FOR y IN
    SELECT f.year, range_agg(int4range(f.number, f.number + 1)) FILTER (WHERE NOT f.accepted) AS numbers,
        max(f.number) FILTER (WHERE f.kept AND NOT f.accepted) AS highest
      FROM pg_temp.legacy_fresh f GROUP BY f.year ORDER BY f.year
  LOOP
    IF y.numbers IS NOT NULL THEN
      voided := voided + serial.enter_legacy_numbers(p_kind, y.year, y.numbers, y.highest);
    END IF;
  END LOOP;
  INSERT INTO serial.legacy_plan (kind, record_id, old, year, number, kept, reason, fresh_uuid, phase)
    SELECT p_kind, f.record_id, f.old, f.year, f.number, f.kept, f.reason, f.fresh_uuid,
        CASE WHEN f.compact AND NOT f.kept THEN 0 ELSE 1 END
      FROM pg_temp.legacy_fresh f;
  GET DIAGNOSTICS planned = ROW_COUNT;
END
$$;

-- Gives at most p_limit records their planned serial, with the alias and the line of the report. Rows that
-- somebody has locked are left for the next call. Returns how many were done, and how many are left.
-- Locks: the records, skip locked.
CREATE FUNCTION serial.convert_legacy_records(p_kind text, p_limit integer, OUT done integer, OUT left_over integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on'
  SET jit = off AS $$
DECLARE
  n record := serial.legacy_names(p_kind);
BEGIN
  PERFORM serial.demand_durable(false);
  EXECUTE format($query$
    WITH picked AS MATERIALIZED (
      SELECT p.record_id, %5$L || p.year || lpad(p.number::text, 5, '0') AS serial, p.kept, p.reason,
          p.fresh_uuid
        FROM serial.legacy_plan p
        WHERE p.kind = $1 AND NOT p.applied AND p.phase = (
          SELECT q.phase FROM serial.legacy_plan q WHERE q.kind = $1 AND NOT q.applied
            ORDER BY q.phase LIMIT 1)
        ORDER BY p.record_id LIMIT $2),
    held AS MATERIALIZED (
      SELECT t.id, t.%2$I AS serial, t.%3$I AS uuid, t.created_at, %4$s AS seen FROM public.%1$I t
        WHERE t.id IN (SELECT p.record_id FROM picked p) ORDER BY t.id FOR UPDATE SKIP LOCKED),
    fate AS MATERIALIZED (
      SELECT h.id, h.serial AS old, p.serial AS new, h.uuid AS old_uuid,
          CASE WHEN h.uuid IS NULL OR p.fresh_uuid THEN gen_random_uuid() ELSE h.uuid END AS new_uuid,
          h.created_at AS old_created, coalesce(h.created_at, h.seen, now()) AS new_created,
          p.kept, p.reason, p.fresh_uuid
        FROM held h JOIN picked p ON p.record_id = h.id),
    changed AS (
      UPDATE public.%1$I t SET %2$I = f.new, %3$I = f.new_uuid, created_at = f.new_created FROM fate f
        WHERE t.id = f.id
          AND (f.old, f.old_uuid, f.old_created) IS DISTINCT FROM (f.new, f.new_uuid, f.new_created)),
    named AS (
      INSERT INTO serial.aliases (alias, kind, serial, reason)
        SELECT DISTINCT ON (f.old) f.old, $1, w.serial, CASE WHEN w.kept THEN 'migrated' ELSE 'renumbered' END
          FROM fate f CROSS JOIN LATERAL (
            -- of several with this text: the one that kept the number, else the oldest number
            SELECT %5$L || p.year || lpad(p.number::text, 5, '0') AS serial, p.kept
              FROM serial.legacy_plan p WHERE p.kind = $1 AND p.old = f.old
              ORDER BY p.kept DESC, p.year, p.number LIMIT 1) w
          WHERE f.old <> '' AND f.old <> f.new AND NOT f.old ~ '^%5$s[2-9][0-9]{8}$'
        ON CONFLICT DO NOTHING),
    told AS (
      INSERT INTO serial.legacy_changes (on_table, record_id, on_column, old, new, reason)
        SELECT %1$L, f.id, %2$L, f.old, f.new, f.reason FROM fate f WHERE f.old IS DISTINCT FROM f.new
        UNION ALL
        SELECT %1$L, f.id, %3$L, f.old_uuid::text, f.new_uuid::text,
            CASE WHEN f.fresh_uuid THEN 'duplicate' ELSE 'without-identifier' END
          FROM fate f WHERE f.old_uuid IS DISTINCT FROM f.new_uuid
        UNION ALL
        SELECT %1$L, f.id, 'created_at', NULL, f.new_created::text, 'without-time'
          FROM fate f WHERE f.old_created IS NULL
        ON CONFLICT DO NOTHING),
    ended AS (
      UPDATE serial.legacy_plan p SET applied = true FROM picked q
        WHERE p.kind = $1 AND p.record_id = q.record_id AND (q.record_id IN (SELECT f.id FROM fate f)
          OR NOT EXISTS (SELECT FROM public.%1$I t WHERE t.id = q.record_id))
        RETURNING 1)
    SELECT count(*) FROM ended
  $query$, n.on_table, n.serial_column, n.uuid_column, n.seen, n.prefix)
    INTO done USING p_kind, p_limit;
  SELECT count(*) INTO left_over FROM serial.legacy_plan p WHERE p.kind = p_kind AND NOT p.applied;
END
$$;
