-- Numbers for jobs and targets that others insert, and the attaching of all guards.
--
-- Such a row gets its number in two steps. A BEFORE trigger chooses a free one and locks it; an AFTER trigger
-- of the statement, which sees the rows that came in (ON CONFLICT leaves some out), writes them down as
-- issued to role:<who inserted>. What is not written down, or is rolled back, was never taken.
--
-- The numbers come from a small stock: leases of one number each, held by the pseudo-node `database`. Using
-- one locks its lease alone, as a node's commit does, so that an application's transaction that stays open
-- stops nobody. Without stock the number comes out of the counter, under its lock, until the transaction
-- ends, and the stock is filled beside; such transactions queue up among themselves first, so that a node never
-- waits for more than one of them. The nodes' timer and grants (serial.reap_counter) keep the stock, too: 8...64
-- numbers of the running year while applications insert, none otherwise, nor when fewer than 100 are free.
--
-- LOCK ORDER, continued from 0007: the stock's leases are taken with SKIP LOCKED before the counters, and
-- nobody who holds a counter waits for one of them but a node's report; both counters of a year are locked
-- together, in their order.

-- Old identifiers of rows that a statement under way renumbers: its AFTER trigger makes aliases of those
-- that came in, and leaves nothing here.
CREATE TABLE serial.renumberings (
  serial text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('job', 'target')),
  alias text NOT NULL,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- Whether applications insert at all: within the last hour.
CREATE INDEX issue_log_database ON serial.issue_log (kind, issued_at) WHERE node = 'database';

CREATE FUNCTION serial.compact_serial(p_kind text, p_year integer, p_number integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RETURN CASE p_kind WHEN 'job' THEN 'J' ELSE 'T' END || p_year || lpad(p_number::text, 5, '0');
END
$$;

-- Whether a record carries the serial. Locks: none.
CREATE FUNCTION serial.is_recorded(p_kind text, p_serial text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF p_kind = 'job' THEN
    RETURN EXISTS (SELECT FROM public.jobs j WHERE j.job_serial = p_serial);
  END IF;
  RETURN EXISTS (SELECT FROM public.universal_targets t WHERE t.target_serial = p_serial);
END
$$;

-- The highest number between two that a record carries; null for none. Locks: none.
CREATE FUNCTION serial.highest_recorded(
  p_kind text, p_year integer, p_first integer, p_last integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_first text := serial.compact_serial(p_kind, p_year, p_first);
  v_last text := serial.compact_serial(p_kind, p_year, p_last);
  v_serial text;
BEGIN
  IF p_kind = 'job' THEN
    SELECT j.job_serial INTO v_serial FROM public.jobs j
      WHERE j.job_serial ~>=~ v_first AND j.job_serial ~<=~ v_last AND j.job_serial ~ '^J[0-9]{9}$'
      ORDER BY j.job_serial USING ~>~ LIMIT 1;
  ELSE
    SELECT t.target_serial INTO v_serial FROM public.universal_targets t
      WHERE t.target_serial ~>=~ v_first AND t.target_serial ~<=~ v_last
        AND t.target_serial ~ '^T[0-9]{9}$'
      ORDER BY t.target_serial USING ~>~ LIMIT 1;
  END IF;
  RETURN substr(v_serial, 6)::integer;
END
$$;

-- As in 0012, by the index on the serial column, whatever the collation: ':' comes after '9'.
CREATE OR REPLACE FUNCTION serial.recorded_numbers(p_kind text, p_year integer)
RETURNS int4multirange
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_table text := CASE p_kind WHEN 'job' THEN 'jobs' ELSE 'universal_targets' END;
  v_column text := CASE p_kind WHEN 'job' THEN 'job_serial' ELSE 'target_serial' END;
  v_prefix text := CASE p_kind WHEN 'job' THEN 'J' ELSE 'T' END || p_year;
  v_numbers int4multirange;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.' || v_table)
      AND attname = v_column AND NOT attisdropped) THEN
    RETURN '{}';
  END IF;
  EXECUTE format(
    'SELECT range_agg(int4range(n, n + 1)) FROM (SELECT substr(%1$I, 6)::integer AS n FROM public.%2$I
      WHERE %1$I ~>=~ $1 AND %1$I ~<~ $2 AND %1$I ~ $3) r WHERE n > 0', v_column, v_table)
    INTO v_numbers USING v_prefix, v_prefix || ':', '^[JT][0-9]{9}$';
  RETURN coalesce(v_numbers, '{}');
END
$$;

-- Whether numbers may be used and granted, without changing anything: an application's transaction must not
-- hold grant_state. False from a start or a promotion on until a node has told, since the stock may be of
-- another history. Locks: none.
CREATE FUNCTION serial.stock_is_open() RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  s serial.grant_state;
BEGIN
  SELECT * INTO STRICT s FROM serial.grant_state;
  RETURN (s.grants_open OR coalesce(s.opens_at <= clock_timestamp(), false))
    AND s.started_at = pg_postmaster_start_time()
    AND s.timeline = serial.current_timeline() AND s.system_identifier = serial.current_system();
END
$$;

-- Refuses a row for which there is no number now. Never returns.
CREATE FUNCTION serial.refuse_number(p_kind text, p_year integer, p_reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'no % number of % now: %', p_kind, p_year, CASE p_reason
      WHEN 'exhausted' THEN 'all 99999 are used'
      WHEN 'frozen' THEN 'an operator froze the counter'
      WHEN 'reserve-only' THEN 'only the reserve is left'
      WHEN 'recalling' THEN 'the last ones are held by nodes or open transactions, try again'
      ELSE 'the database started or failed over, and waits for its nodes, try again' END
    USING ERRCODE = CASE p_reason WHEN 'exhausted' THEN 'SR001' ELSE 'SR003' END,
      DETAIL = json_build_object('kind', p_kind, 'year', p_year, 'capacity', 99999,
        'reason', p_reason);
END
$$;

-- Locks both counters of a year, made when they are not there. Locks: the counters, in their order.
CREATE FUNCTION serial.lock_year(p_year integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (SELECT count(*) FROM serial.counters WHERE year = p_year) < 2 THEN
    INSERT INTO serial.counters (kind, year) VALUES ('job', p_year), ('target', p_year)
      ON CONFLICT DO NOTHING;
  END IF;
  PERFORM FROM serial.counters WHERE year = p_year ORDER BY kind FOR NO KEY UPDATE;
END
$$;

-- The lowest number of the stock that nobody else is using, locked; null for none.
-- Locks: its lease, skip locked.
CREATE FUNCTION serial.number_of_stock(p_kind text, p_year integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  -- Written out twice: a statement of many rows asks about every number that those before it took. OFFSET 0
  -- keeps the planner to the index, of a table that is growing under it.
  IF p_kind = 'job' THEN
    RETURN (SELECT x.first FROM serial.leases x
      WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'live' AND x.node = 'database'
        AND x.first = x.last AND x.committed_through < x.first AND x.expires_at > clock_timestamp()
        AND NOT EXISTS (SELECT FROM public.jobs r
          WHERE r.job_serial = 'J' || p_year || lpad(x.first::text, 5, '0') OFFSET 0)
      ORDER BY x.first LIMIT 1 FOR NO KEY UPDATE OF x SKIP LOCKED);
  END IF;
  RETURN (SELECT x.first FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'live' AND x.node = 'database'
      AND x.first = x.last AND x.committed_through < x.first AND x.expires_at > clock_timestamp()
      AND NOT EXISTS (SELECT FROM public.universal_targets r
        WHERE r.target_serial = 'T' || p_year || lpad(x.first::text, 5, '0') OFFSET 0)
    ORDER BY x.first LIMIT 1 FOR NO KEY UPDATE OF x SKIP LOCKED);
END
$$;

-- Chooses the number of a row to insert and locks it; nothing is changed. A number that a row before it in
-- the same statement carries is still free: it has a record.
-- Locks: a lease of the stock, skip locked; without stock the queue and the counters of the year.
CREATE FUNCTION serial.choose_number(p_kind text, OUT year integer, OUT number integer)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c serial.counters;
  r int4range;
  v_left integer;
BEGIN
  PERFORM serial.demand_durable(false);
  year := serial.running_year();
  FOR v_try IN 1..3 LOOP
    number := serial.number_of_stock(p_kind, year);
    EXIT WHEN number IS NOT NULL;
    BEGIN
      -- whoever was before in this queue has filled the stock: back to it, and out of the queue
      PERFORM pg_advisory_xact_lock(hashtextextended(year::text, 7237));
      IF v_try < 3 AND serial.count_stock(p_kind, year) > 0 THEN
        RAISE EXCEPTION 'stock was filled' USING ERRCODE = 'SR000';
      END IF;
      PERFORM serial.lock_year(year);
      EXIT;
    EXCEPTION WHEN SQLSTATE 'SR000' THEN
      NULL;
    END;
  END LOOP;
  -- read after the lock, so that a report or a freeze which came first counts
  SELECT * INTO STRICT c FROM serial.counters k
    WHERE k.kind = p_kind AND k.year = choose_number.year;
  IF NOT serial.stock_is_open() THEN
    PERFORM serial.refuse_number(p_kind, year, 'grants-closed');
  ELSIF c.frozen THEN
    PERFORM serial.refuse_number(p_kind, year, 'frozen');
  ELSIF number IS NOT NULL THEN
    RETURN;
  END IF;

  -- what expired comes back when nothing else is left
  FOR v_pass IN 1..2 LOOP
    SELECT c.capacity + 1 - c.next_number + coalesce(sum(upper(f.numbers) - lower(f.numbers)), 0)
      INTO v_left FROM serial.free_ranges f WHERE f.kind = p_kind AND f.year = c.year;
    FOR r IN
      SELECT f.numbers FROM serial.free_ranges f WHERE f.kind = p_kind AND f.year = c.year
      UNION ALL SELECT int4range(c.next_number, c.capacity + 1) WHERE c.next_number <= c.capacity
      ORDER BY 1
    LOOP
      -- rows of this statement carry the lowest ones, without a gap
      number := coalesce(
        serial.highest_recorded(p_kind, year, lower(r), upper(r) - 1) + 1, lower(r));
      v_left := v_left - (number - lower(r));
      EXIT WHEN number < upper(r);
      number := NULL;
    END LOOP;
    IF number IS NOT NULL AND v_left > c.reserve THEN
      RETURN;
    END IF;
    IF v_pass = 1 THEN
      PERFORM serial.reap_counter(p_kind, year);
      SELECT * INTO STRICT c FROM serial.counters k
        WHERE k.kind = p_kind AND k.year = choose_number.year;
    END IF;
  END LOOP;
  PERFORM serial.refuse_number(p_kind, year, CASE
    WHEN EXISTS (SELECT FROM serial.leases x
      WHERE x.kind = p_kind AND x.year = choose_number.year AND x.state = 'live'
        AND x.handed_out_through < x.last
        AND NOT serial.is_recorded(p_kind, serial.compact_serial(p_kind, x.year, x.last)))
      THEN 'recalling'
    WHEN number IS NOT NULL THEN 'reserve-only'
    ELSE 'exhausted' END);
END
$$;

-- Whether a row may carry the serial that it came with: well-formed, issued to somebody, not void, and not
-- carried by a record. Locks: the serial, until the transaction ends, so that two inserts of one queue up;
-- shared, the records of the counter, against a void.
CREATE FUNCTION serial.may_carry(p_kind text, p_serial text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_year integer;
  v_number integer;
BEGIN
  IF left(p_serial, 1) <> (CASE p_kind WHEN 'job' THEN 'J' ELSE 'T' END)
    OR p_serial !~ '^[JT][2-9][0-9]{8}$' THEN
    RETURN false;
  END IF;
  v_year := substr(p_serial, 2, 4);
  v_number := substr(p_serial, 6);
  PERFORM pg_advisory_xact_lock(hashtextextended(p_serial, 7234));
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_kind || ' ' || v_year, 7235));
  RETURN EXISTS (SELECT FROM serial.issue_log i JOIN serial.leases x USING (lease_id)
      WHERE i.kind = p_kind AND i.year = v_year AND i.numbers @> v_number AND NOT i.again
        AND v_number BETWEEN x.first AND coalesce(x.closed_through, x.committed_through))
    AND NOT EXISTS (SELECT FROM serial.void_ranges v
      WHERE v.kind = p_kind AND v.year = v_year AND v.numbers @> v_number)
    AND NOT serial.is_recorded(p_kind, p_serial);
END
$$;

-- The serial of a row to insert that came with p_given: that one, or the next free one. A serial that the
-- allocator did not issue is replaced or refused, as serial.registry.legacy_writes says.
-- Locks: those of may_carry and choose_number.
CREATE FUNCTION serial.serial_for_row(p_kind text, p_given text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_given text := nullif(p_given, '');
  v_serial text;
BEGIN
  IF v_given IS NOT NULL THEN
    IF serial.may_carry(p_kind, v_given) THEN
      RETURN v_given;
    ELSIF (SELECT legacy_writes FROM serial.registry) = 'refuse' THEN
      RAISE LOG 'refused to record % %, which the allocator did not issue, for role %',
        p_kind, v_given, session_user;
      RAISE EXCEPTION '% serial % was not issued by the allocator, or is used', p_kind, v_given
        USING ERRCODE = 'SR002', HINT = 'Insert the row without a serial: it gets the next one.';
    END IF;
  END IF;
  SELECT serial.compact_serial(p_kind, n.year, n.number) INTO v_serial
    FROM serial.choose_number(p_kind) n;
  -- one that a row before it gave up, which ON CONFLICT left out
  DELETE FROM serial.renumberings WHERE serial = v_serial;
  IF v_given IS NOT NULL THEN
    INSERT INTO serial.renumberings (serial, kind, alias) VALUES (v_serial, p_kind, v_given);
  END IF;
  RETURN v_serial;
END
$$;

CREATE FUNCTION serial.number_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  NEW.job_uuid := coalesce(NEW.job_uuid, gen_random_uuid());
  NEW.job_serial := serial.serial_for_row('job', NEW.job_serial);
  RETURN NEW;
END
$$;

CREATE FUNCTION serial.number_target() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  NEW.target_uuid := coalesce(NEW.target_uuid, gen_random_uuid());
  NEW.target_serial := serial.serial_for_row('target', NEW.target_serial);
  RETURN NEW;
END
$$;

-- Writes numbers of one counter down as issued to the session's role: those of the stock in their leases, those
-- of the counter in closed leases of their own. Those with a line in the issue log are issued already.
-- Locks: leases of the stock that the caller holds; for numbers of the counter the counters of the year.
CREATE FUNCTION serial.issue_to_role(p_kind text, p_year integer, p_numbers int4multirange)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_rest int4multirange;
  v_stock int4multirange;
  v_boot uuid := (SELECT boot_id FROM serial.boots WHERE node = 'database' AND ended_at IS NULL);
  v_request uuid := gen_random_uuid();
  v_subject text := 'role:' || session_user;
  v_lease uuid;
  r int4range;
BEGIN
  v_rest := p_numbers - coalesce((SELECT range_agg(i.numbers) FROM serial.issue_log i
    WHERE i.kind = p_kind AND i.year = p_year AND i.numbers && range_merge(p_numbers)
      AND NOT i.again), '{}');
  WITH used AS (
    UPDATE serial.leases x SET committed_through = x.last, handed_out_through = x.last,
        revision = x.revision + 1
      WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'live' AND x.node = 'database'
        AND x.first = x.last AND x.committed_through < x.first AND v_rest @> x.first
        AND x.block && range_merge(v_rest)
      RETURNING x.*),
  lines AS (
    INSERT INTO serial.issue_log
        (kind, year, numbers, lease_id, node, boot_id, subject, request_id)
      SELECT u.kind, u.year, u.block, u.lease_id, u.node, u.boot_id, v_subject, v_request
        FROM used u ORDER BY u.first
      RETURNING numbers)
  SELECT coalesce(range_agg(numbers), '{}') INTO v_stock FROM lines;
  v_rest := v_rest - v_stock;
  IF isempty(v_rest) THEN
    RETURN;
  END IF;
  PERFORM serial.lock_year(p_year);
  IF NOT serial.free_numbers(p_kind, p_year) @> v_rest THEN
    RAISE EXCEPTION '% serial % was not issued by the allocator', p_kind,
      serial.compact_serial(p_kind, p_year, lower(v_rest)) USING ERRCODE = 'SR002';
  END IF;
  FOR r IN SELECT u FROM unnest(v_rest) AS u ORDER BY u LOOP
    PERFORM serial.take_out(p_kind, p_year, lower(r), upper(r) - 1);
    INSERT INTO serial.leases (lease_id, kind, year, node, boot_id, token, first, last,
        committed_through, handed_out_through, state, close_reason, closed_through, ttl, expires_at,
        closed_at)
      VALUES (gen_random_uuid(), p_kind, p_year, 'database', v_boot, gen_random_uuid(), lower(r),
        upper(r) - 1, upper(r) - 1, upper(r) - 1, 'closed', 'released', upper(r) - 1,
        interval '1 second', clock_timestamp(), clock_timestamp())
      RETURNING lease_id INTO v_lease;
    UPDATE serial.counters SET settled = settled + (upper(r) - lower(r))
      WHERE kind = p_kind AND year = p_year;
    INSERT INTO serial.issue_log
        (kind, year, numbers, lease_id, node, boot_id, subject, request_id)
      VALUES (p_kind, p_year, r, v_lease, 'database', v_boot, v_subject, v_request);
  END LOOP;
  PERFORM serial.fill_stock(p_kind, p_year);
END
$$;

-- After an insert into jobs or targets: every number of it is issued, and what the rows that came in were
-- called before is an alias, unless it finds another record, now or later. Its argument: the kind.
-- Locks: those of issue_to_role; aliases that another transaction is making are left to it.
CREATE FUNCTION serial.issue_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_kind text := TG_ARGV[0];
  v_serials text[];
  c record;
  q serial.renumberings;
  v_alias boolean;
  v_number integer;
BEGIN
  IF v_kind = 'job' THEN
    SELECT array_agg(i.job_serial) INTO v_serials FROM inserted i;
  ELSE
    SELECT array_agg(i.target_serial) INTO v_serials FROM inserted i;
  END IF;
  FOR c IN
    SELECT substr(s, 2, 4)::integer AS year,
        range_agg(int4range(substr(s, 6)::integer, substr(s, 6)::integer + 1)) AS numbers
      FROM unnest(v_serials) AS s GROUP BY 1 ORDER BY 1
  LOOP
    PERFORM serial.issue_to_role(v_kind, c.year, c.numbers);
  END LOOP;
  FOR q IN DELETE FROM serial.renumberings x
    WHERE x.transaction = pg_current_xact_id() AND x.kind = v_kind RETURNING x.*
  LOOP
    CONTINUE WHEN NOT serial.is_recorded(v_kind, q.serial);
    -- a well-formed serial is, or will be, another record's own
    v_alias := q.alias !~ '^[JT][2-9][0-9]{8}$'
      AND pg_try_advisory_xact_lock(hashtextextended(q.alias, 7236))
      AND NOT serial.is_recorded(v_kind, q.alias);
    IF v_alias THEN
      INSERT INTO serial.aliases (alias, kind, serial, reason)
        VALUES (q.alias, v_kind, q.serial, 'renumbered') ON CONFLICT DO NOTHING;
      v_alias := FOUND;
    END IF;
    v_number := substr(q.serial, 6);
    INSERT INTO serial.events (event, kind, year, numbers, node, detail)
      VALUES ('record-renumbered', v_kind, substr(q.serial, 2, 4)::integer,
        int4range(v_number, v_number + 1), 'database', jsonb_build_object('from', q.alias,
          'to', q.serial, 'alias', v_alias, 'by', 'role:' || session_user));
  END LOOP;
  RETURN NULL;
END
$$;

-- Attaches all of it to the four tables. May be called again, also on tables that somebody else made: their
-- serial and uuid columns are there and indexed, and the counters stand behind every serial in them. The
-- names make these the last triggers of a row. Called by whoever owns the tables, or an administrator.
-- Locks: the tables against writes.
CREATE FUNCTION serial.guard_records() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  t record;
  v_owner oid := (SELECT nspowner FROM pg_namespace WHERE nspname = 'serial');
  v_foreign text := format('NOT (current_user = pg_get_userbyid(%s)
    AND current_setting(''serial.trusted'', true) IS NOT DISTINCT FROM ''on'')', v_owner);
BEGIN
  FOR t IN
    SELECT * FROM (VALUES
      ('universal_targets', 'target', 'target_serial'), ('jobs', 'job', 'job_serial'),
      ('job_executions', 'execution', 'execution_serial'),
      ('job_execution_branches', 'branch', 'branch_serial')) AS u (name, kind, serial)
  LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER zz_serial_number BEFORE INSERT ON public.%I
      FOR EACH ROW WHEN (%s) EXECUTE FUNCTION serial.number_%s()', t.name, v_foreign, t.kind);
    EXECUTE format('CREATE OR REPLACE TRIGGER zz_serial_guard BEFORE UPDATE ON public.%I
      FOR EACH ROW WHEN (%s) EXECUTE FUNCTION serial.guard_%s()', t.name, v_foreign, t.kind);
    EXECUTE format('CREATE OR REPLACE TRIGGER zz_serial_delete BEFORE DELETE ON public.%I
      FOR EACH ROW EXECUTE FUNCTION serial.guard_delete(%L)', t.name, t.serial);
    EXECUTE format('CREATE OR REPLACE TRIGGER zz_serial_truncate BEFORE TRUNCATE ON public.%I
      FOR EACH STATEMENT EXECUTE FUNCTION serial.guard_truncate()', t.name);
    IF t.kind IN ('job', 'target') THEN
      EXECUTE format('CREATE OR REPLACE TRIGGER zz_serial_issue AFTER INSERT ON public.%I
        REFERENCING NEW TABLE AS inserted
        FOR EACH STATEMENT WHEN (%s) EXECUTE FUNCTION serial.issue_inserted(%L)',
        t.name, v_foreign, t.kind);
    END IF;
  END LOOP;
END
$$;

DO $$
BEGIN
  IF (SELECT state FROM serial.registry) = 'ready' THEN
    PERFORM serial.guard_records();
  END IF;
END
$$;

-- What happens to a job or target that comes with a serial that the allocator did not issue: 'renumber' or
-- 'refuse'. For administrators: no node asks for it. Locks: the registry's row.
CREATE FUNCTION serial.set_legacy_writes(p_mode text, p_by text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_before text;
BEGIN
  PERFORM serial.demand_reason('legacy writes', p_by);
  PERFORM serial.demand_durable(false);
  IF (p_mode IN ('renumber', 'refuse')) IS NOT TRUE THEN
    RAISE EXCEPTION 'legacy writes are renumber or refuse, not %', p_mode
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT legacy_writes INTO STRICT v_before FROM serial.registry FOR NO KEY UPDATE;
  UPDATE serial.registry SET legacy_writes = p_mode, changed_at = clock_timestamp();
  INSERT INTO serial.events (event, detail) VALUES ('legacy-writes-set',
    jsonb_build_object('mode', p_mode, 'before', v_before, 'by', p_by));
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA serial FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;

