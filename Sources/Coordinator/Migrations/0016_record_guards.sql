-- What keeps records right, whoever writes them: triggers on the four tables. Serials, uuids and parents
-- never change, finished executions and results never change, nothing with a serial is deleted or
-- truncated; and a row of an execution or a branch that somebody else inserts gets its number here. Jobs and
-- targets: migration 0017, which attaches all of it (serial.guard_records()).
--
-- The functions of this schema that write records keep these rules themselves: the triggers leave out what
-- runs with serial.trusted = 'on' as the owner of the schema. Any role can set the first, none but a
-- SECURITY DEFINER function of the owner has both. Deleting and truncating is refused to them as well.
--
-- Trigger functions run with the rights of their owner, since who inserts has none in this schema.

-- Refuses a change, naming the record. Never returns.
CREATE FUNCTION serial.refuse_record(p_serial text, p_message text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%: %', coalesce(p_serial, 'a record without serial'), p_message
    USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION serial.guard_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (NEW.id, NEW.job_uuid, NEW.job_serial) IS DISTINCT FROM (OLD.id, OLD.job_uuid, OLD.job_serial)
  THEN
    PERFORM serial.refuse_record(OLD.job_serial, 'the id, uuid and serial of a job never change');
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION serial.guard_target() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (NEW.id, NEW.target_uuid, NEW.target_serial)
    IS DISTINCT FROM (OLD.id, OLD.target_uuid, OLD.target_serial) THEN
    PERFORM serial.refuse_record(OLD.target_serial,
      'the id, uuid and serial of a target never change');
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION serial.guard_execution() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (NEW.id, NEW.execution_uuid, NEW.execution_serial, NEW.job_id, NEW.execution_number)
    IS DISTINCT FROM
    (OLD.id, OLD.execution_uuid, OLD.execution_serial, OLD.job_id, OLD.execution_number) THEN
    PERFORM serial.refuse_record(OLD.execution_serial,
      'the id, uuid, serial, number and job of an execution never change');
  END IF;
  IF OLD.status::text IN ('completed', 'failed', 'cancelled') AND OLD OPERATOR(pg_catalog.*<>) NEW
  THEN
    PERFORM serial.refuse_record(OLD.execution_serial,
      format('the execution is %s, and never changes any more', OLD.status));
  END IF;
  -- installations that were migrated have no NOT NULL there
  IF NEW.status IS NULL THEN
    RAISE EXCEPTION 'null value in column "status" of execution %', OLD.execution_serial
      USING ERRCODE = 'not_null_violation', TABLE = TG_TABLE_NAME, COLUMN = 'status';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION serial.guard_branch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (NEW.id, NEW.branch_uuid, NEW.branch_serial, NEW.job_execution_id, NEW.target_id,
      NEW.target_serial_ref)
    IS DISTINCT FROM
    (OLD.id, OLD.branch_uuid, OLD.branch_serial, OLD.job_execution_id, OLD.target_id,
      OLD.target_serial_ref) THEN
    PERFORM serial.refuse_record(OLD.branch_serial,
      'the id, uuid, serial, execution and target of a result never change');
  END IF;
  IF OLD.status::text IN ('completed', 'failed', 'cancelled') AND OLD OPERATOR(pg_catalog.*<>) NEW
  THEN
    PERFORM serial.refuse_record(OLD.branch_serial,
      format('the result is %s, and never changes any more', OLD.status));
  END IF;
  -- installations that were migrated have no NOT NULL there
  IF NEW.status IS NULL THEN
    RAISE EXCEPTION 'null value in column "status" of result %', OLD.branch_serial
      USING ERRCODE = 'not_null_violation', TABLE = TG_TABLE_NAME, COLUMN = 'status';
  END IF;
  RETURN NEW;
END
$$;

-- Refuses to delete a record with a serial. Its argument: the column of the serial.
CREATE FUNCTION serial.guard_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_serial text := to_jsonb(OLD) ->> TG_ARGV[0];
BEGIN
  IF v_serial IS NOT NULL THEN
    PERFORM serial.refuse_record(v_serial, 'a record with a serial is never deleted');
  END IF;
  RETURN OLD;
END
$$;

CREATE FUNCTION serial.guard_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'table % has records with serials, and is never truncated', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;

-- Refuses a row whose parent is not there, as the foreign key would, which is asked too late. Never returns.
CREATE FUNCTION serial.refuse_orphan(
  p_table text, p_column text, p_id integer, p_parents text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF p_id IS NULL THEN
    RAISE EXCEPTION 'null value in column "%" of relation "%"', p_column, p_table
      USING ERRCODE = 'not_null_violation', TABLE = p_table, COLUMN = p_column;
  END IF;
  RAISE EXCEPTION 'insert on table "%" names a row that is not there', p_table
    USING ERRCODE = 'foreign_key_violation', TABLE = p_table, COLUMN = p_column,
      DETAIL = format('Key (%s)=(%s) is not present in table "%s".', p_column, p_id, p_parents);
END
$$;

-- Refuses the 10,000th child. Never returns.
CREATE FUNCTION serial.refuse_full(p_kind text, p_parent_kind text, p_parent text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% % is full: it has 9999 %', p_parent_kind, p_parent,
      CASE p_kind WHEN 'execution' THEN 'executions' ELSE 'branches' END
    USING ERRCODE = 'SR001', DETAIL = json_build_object('kind', p_kind, 'parent', p_parent,
      'capacity', 9999);
END
$$;

-- A parent without a serial of this project: of an installation that is being migrated, which numbers its
-- children afterwards. Refused once it is ready.
CREATE FUNCTION serial.allow_no_serial(p_table text, p_id integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (SELECT state FROM serial.registry) = 'ready' THEN
    RAISE EXCEPTION 'row % of table % has no serial', p_id, p_table
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

-- The number of the next execution of a job, null when it is full: one above the highest; under a job that was
-- migrated with the number 9,999 the lowest that no execution has. Locks: the caller holds the job's row.
CREATE FUNCTION serial.next_execution_number(p_job integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_number integer;
BEGIN
  SELECT coalesce(max(e.execution_number), 0) + 1 INTO v_number
    FROM public.job_executions e WHERE e.job_id = p_job;
  IF v_number > 9999 THEN
    SELECT g INTO v_number FROM generate_series(1, 9999) AS g
      WHERE NOT EXISTS (SELECT FROM public.job_executions e
        WHERE e.job_id = p_job AND e.execution_number = g) ORDER BY g LIMIT 1;
  END IF;
  RETURN v_number;
END
$$;

-- As next_execution_number, of the next result of an execution. Locks: the caller holds the execution's row.
CREATE FUNCTION serial.next_branch_number(p_execution integer, p_serial text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_number integer;
BEGIN
  -- '/' comes after '.': every serial below this execution, and its index tells the highest
  SELECT substr(b.branch_serial, 17)::integer INTO v_number FROM public.job_execution_branches b
    WHERE b.job_execution_id = p_execution
      AND b.branch_serial ~>=~ (p_serial || '.') AND b.branch_serial ~<~ (p_serial || '/')
    ORDER BY b.branch_serial USING ~>~ LIMIT 1;
  v_number := coalesce(v_number, 0) + 1;
  IF v_number > 9999 THEN
    SELECT g INTO v_number FROM generate_series(1, 9999) AS g
      WHERE NOT EXISTS (SELECT FROM public.job_execution_branches b
        WHERE b.branch_serial = p_serial || '.' || lpad(g::text, 4, '0')) ORDER BY g LIMIT 1;
  END IF;
  RETURN v_number;
END
$$;

-- Numbers an execution that somebody else inserts: the next one under its job, whatever number it came with.
-- Where the isolation is higher than read committed, one that was committed meanwhile is not seen, and the
-- unique index refuses the row.
-- Locks: the job's row.
CREATE FUNCTION serial.number_execution() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_job text;
BEGIN
  NEW.execution_uuid := coalesce(NEW.execution_uuid, gen_random_uuid());
  NEW.status := coalesce(NEW.status, 'scheduled');
  -- in a statement of its own: the next one sees what was committed before the lock was had
  SELECT j.job_serial INTO v_job FROM public.jobs j WHERE j.id = NEW.job_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM serial.refuse_orphan('job_executions', 'job_id', NEW.job_id, 'jobs');
  END IF;
  IF (v_job ~ '^J[2-9][0-9]{8}$') IS NOT TRUE THEN
    PERFORM serial.allow_no_serial('jobs', NEW.job_id);
    NEW.execution_serial := NULL;
    RETURN NEW;
  END IF;
  NEW.execution_number := serial.next_execution_number(NEW.job_id);
  IF NEW.execution_number IS NULL THEN
    PERFORM serial.refuse_full('execution', 'job', v_job);
  END IF;
  NEW.execution_serial := v_job || '.' || lpad(NEW.execution_number::text, 4, '0');
  RETURN NEW;
END
$$;

-- Numbers a result that somebody else inserts, as number_execution does under its execution.
-- Locks: the execution's row.
CREATE FUNCTION serial.number_branch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_execution text;
  v_target text;
  v_number integer;
BEGIN
  NEW.branch_uuid := coalesce(NEW.branch_uuid, gen_random_uuid());
  NEW.status := coalesce(NEW.status, 'scheduled');
  SELECT e.execution_serial INTO v_execution FROM public.job_executions e
    WHERE e.id = NEW.job_execution_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM serial.refuse_orphan('job_execution_branches', 'job_execution_id', NEW.job_execution_id,
      'job_executions');
  END IF;
  SELECT t.target_serial INTO v_target FROM public.universal_targets t WHERE t.id = NEW.target_id;
  IF NOT FOUND THEN
    PERFORM serial.refuse_orphan('job_execution_branches', 'target_id', NEW.target_id,
      'universal_targets');
  END IF;
  IF (v_target ~ '^T[2-9][0-9]{8}$') IS NOT TRUE THEN
    PERFORM serial.allow_no_serial('universal_targets', NEW.target_id);
    v_target := NULL;
  END IF;
  NEW.target_serial_ref := v_target;
  IF (v_execution ~ '^J[2-9][0-9]{8}\.[0-9]{4}$') IS NOT TRUE THEN
    PERFORM serial.allow_no_serial('job_executions', NEW.job_execution_id);
    NEW.branch_serial := NULL;
    RETURN NEW;
  END IF;
  v_number := serial.next_branch_number(NEW.job_execution_id, v_execution);
  IF v_number IS NULL THEN
    PERFORM serial.refuse_full('branch', 'execution', v_execution);
  END IF;
  NEW.branch_serial := v_execution || '.' || lpad(v_number::text, 4, '0');
  NEW.branch_id := coalesce(NEW.branch_id,
    lpad(v_number::text, greatest(3, length(v_number::text)), '0'));
  RETURN NEW;
END
$$;

-- The pseudo-node that holds numbers for jobs and targets that others insert (migration 0017). No role can
-- log in as it: names that begin with pg_ are PostgreSQL's own. Its process never ends and never lives.
DO $$
BEGIN
  IF EXISTS (SELECT FROM serial.nodes WHERE node = 'database') THEN
    RAISE EXCEPTION 'a node is called database: retire it and delete its row first, the name is needed';
  END IF;
END
$$;
ALTER TABLE serial.nodes DROP CONSTRAINT nodes_state_check;
ALTER TABLE serial.nodes ADD CONSTRAINT nodes_state_check
  CHECK (state IN ('active', 'retired', 'internal'));
INSERT INTO serial.nodes (node, role, region, state)
  VALUES ('database', 'pg_serial_database', 'internal', 'internal');
INSERT INTO serial.boots (boot_id, node, ttl)
  VALUES (gen_random_uuid(), 'database', interval '1 microsecond');

-- As in 0013, without the pseudo-node.
CREATE OR REPLACE VIEW serial.node_status AS
  SELECT n.node, n.region,
    CASE WHEN b.drain_told_at IS NOT NULL THEN 'draining' ELSE n.state END AS state,
    b.boot_id, b.started_at, b.last_seen_at,
    coalesce(b.last_seen_at + b.ttl > clock_timestamp(), false) AS live,
    coalesce(l.leases, 0) AS leases, coalesce(l.numbers, 0) AS leased_numbers
  FROM serial.nodes n
  LEFT JOIN serial.boots b ON b.node = n.node AND b.ended_at IS NULL
  LEFT JOIN LATERAL (
    SELECT count(*)::integer AS leases, sum(x.last - x.committed_through)::integer AS numbers
      FROM serial.leases x WHERE x.node = n.node AND x.state = 'live') l ON true
  WHERE n.state <> 'internal';

-- The pseudo-node is not enrolled, drained or retired: its row changes no more.
CREATE FUNCTION serial.guard_internal_node() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'node % is the database itself: it cannot be enrolled, retired or removed', OLD.node
    USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
CREATE TRIGGER nodes_internal BEFORE UPDATE OR DELETE ON serial.nodes
  FOR EACH ROW WHEN (OLD.state = 'internal') EXECUTE FUNCTION serial.guard_internal_node();

-- How many numbers the stock should have: what applications took in the last ten seconds, 8...64; none when
-- they took none within an hour. Locks: none.
CREATE FUNCTION serial.stock_target(p_kind text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT FROM serial.issue_log i WHERE i.node = 'database' AND i.kind = p_kind
      AND i.issued_at > v_now - interval '1 hour') THEN
    RETURN 0;
  END IF;
  RETURN (SELECT least(64, greatest(8, sum(upper(i.numbers) - lower(i.numbers))))
    FROM serial.issue_log i WHERE i.node = 'database' AND i.kind = p_kind
      AND i.issued_at > v_now - interval '10 seconds');
END
$$;

-- Numbers of the stock that surely nobody is using: a transaction that is using one has set xmax. Locks: none.
CREATE FUNCTION serial.count_stock(p_kind text, p_year integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM serial.leases
    WHERE kind = p_kind AND year = p_year AND state = 'live' AND node = 'database'
      AND committed_through < first AND expires_at > clock_timestamp() AND xmax = '0'::xid);
END
$$;

-- Closes the used leases of the stock, and gives back those that expired, or are more than the target; all
-- that are unused when p_all is true, or the year is over, or fewer than 100 numbers are free. Locks: the
-- caller holds the counter's row; leases, skip locked: those that a transaction is using stay.
CREATE FUNCTION serial.clear_stock(p_kind text, p_year integer, p_all boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  l serial.leases;
  v_now timestamptz := clock_timestamp();
  v_keep integer;
  v_used integer;
  v_back int4multirange := '{}';
BEGIN
  IF NOT EXISTS (SELECT FROM serial.leases
      WHERE kind = p_kind AND year = p_year AND state = 'live' AND node = 'database') THEN
    RETURN;
  END IF;
  WITH used AS (
    SELECT lease_id FROM serial.leases
      WHERE kind = p_kind AND year = p_year AND state = 'live' AND node = 'database'
        AND committed_through = last
      ORDER BY lease_id FOR NO KEY UPDATE SKIP LOCKED),
  closed AS (
    UPDATE serial.leases x SET state = 'closed', close_reason = 'released',
        closed_through = x.committed_through, closed_at = clock_timestamp()
      FROM used WHERE x.lease_id = used.lease_id RETURNING 1)
  SELECT count(*) INTO v_used FROM closed;
  UPDATE serial.counters SET settled = settled + v_used
    WHERE kind = p_kind AND year = p_year AND v_used > 0;
  v_keep := CASE WHEN p_all OR p_year <> serial.running_year()
      OR (SELECT coalesce(sum(upper(u) - lower(u)), 0)
          FROM unnest(serial.free_numbers(p_kind, p_year)) AS u)
        - (SELECT reserve FROM serial.counters WHERE kind = p_kind AND year = p_year) < 100
    THEN 0 ELSE serial.stock_target(p_kind) END;
  FOR l IN
    SELECT * FROM serial.leases
      WHERE kind = p_kind AND year = p_year AND state = 'live' AND node = 'database'
        AND committed_through < first
      ORDER BY first FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    IF l.expires_at > v_now AND l.expires_at <= v_now + l.ttl AND v_keep > 0 THEN
      v_keep := v_keep - 1;
      CONTINUE;
    END IF;
    UPDATE serial.leases SET state = 'closed', closed_through = first - 1, closed_at = clock_timestamp(),
        close_reason = CASE WHEN expires_at > v_now THEN 'released' ELSE 'expired' END
      WHERE lease_id = l.lease_id;
    PERFORM serial.give_back(p_kind, p_year, l.first, l.last);
    v_back := v_back + int4multirange(l.block);
  END LOOP;
  IF NOT isempty(v_back) THEN
    INSERT INTO serial.events (event, kind, year, node, detail)
      VALUES ('stock-returned', p_kind, p_year, 'database',
        jsonb_build_object('numbers', v_back::text));
  END IF;
END
$$;

-- Leases numbers for the stock up to its target, while more than 100 others are free. A lease without xmax is
-- surely unused; whether one with it is, its row tells.
-- Locks: the caller holds the counter's row; leases of the stock, skip locked.
CREATE FUNCTION serial.fill_stock(p_kind text, p_year integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  c serial.counters;
  v_boot uuid := (SELECT boot_id FROM serial.boots WHERE node = 'database' AND ended_at IS NULL);
  v_free int4multirange;
  v_wanted integer;
  v_number integer;
  v_new int4multirange := '{}';
BEGIN
  SELECT * INTO STRICT c FROM serial.counters WHERE kind = p_kind AND year = p_year;
  IF p_year <> serial.running_year() OR c.frozen OR NOT serial.stock_is_open() THEN
    RETURN;
  END IF;
  v_free := serial.free_numbers(p_kind, p_year);
  SELECT least(serial.stock_target(p_kind) - serial.count_stock(p_kind, p_year)
        - (SELECT count(*) FROM (SELECT FROM serial.leases
            WHERE kind = p_kind AND year = p_year AND state = 'live' AND node = 'database'
              AND committed_through < first AND xmax <> '0'::xid
            FOR NO KEY UPDATE SKIP LOCKED) s),
      coalesce(sum(upper(u) - lower(u)), 0) - c.reserve - 100)
    INTO v_wanted FROM unnest(v_free) AS u;
  WHILE v_wanted > 0 LOOP
    v_number := lower(v_free);
    PERFORM serial.take_out(p_kind, p_year, v_number, v_number);
    INSERT INTO serial.leases (lease_id, kind, year, node, boot_id, token, first, last,
        committed_through, handed_out_through, ttl, expires_at)
      VALUES (gen_random_uuid(), p_kind, p_year, 'database', v_boot, gen_random_uuid(), v_number,
        v_number, v_number - 1, v_number - 1, interval '1 hour',
        clock_timestamp() + interval '1 hour');
    v_free := v_free - int4multirange(int4range(v_number, v_number + 1));
    v_new := v_new + int4multirange(int4range(v_number, v_number + 1));
    v_wanted := v_wanted - 1;
  END LOOP;
  IF NOT isempty(v_new) THEN
    INSERT INTO serial.events (event, kind, year, node, detail)
      VALUES ('stocked', p_kind, p_year, 'database', jsonb_build_object('numbers', v_new::text));
  END IF;
END
$$;

-- As in 0003, with the stock: it has no process that would release it.
CREATE OR REPLACE FUNCTION serial.reap_counter(p_kind text, p_year integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  l serial.leases;
  v_now timestamptz := clock_timestamp();
  v_count integer := 0;
BEGIN
  FOR l IN
    SELECT * FROM serial.leases
      WHERE kind = p_kind AND year = p_year AND state = 'live' AND node <> 'database'
        AND (expires_at <= v_now OR expires_at > v_now + ttl)
      ORDER BY lease_id LIMIT 256 FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    IF l.expires_at <= v_now THEN
      PERFORM serial.close_lease(l.lease_id, l.committed_through, 'expired');
      v_count := v_count + 1;
    ELSE
      -- this server's clock stepped back: no lease outlives its time to live from now on
      UPDATE serial.leases SET expires_at = v_now + ttl WHERE lease_id = l.lease_id;
    END IF;
  END LOOP;
  PERFORM serial.clear_stock(p_kind, p_year, false);
  IF p_year = serial.running_year()
    AND serial.count_stock(p_kind, p_year) < serial.stock_target(p_kind) THEN
    PERFORM serial.fill_stock(p_kind, p_year);
  END IF;
  RETURN v_count;
END
$$;

-- As in 0004; the stock comes back at once. Locks: leases by id, skip locked; the caller holds the counter.
CREATE OR REPLACE FUNCTION serial.recall_leases(p_kind text, p_year integer, p_boot uuid)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  l serial.leases;
BEGIN
  FOR l IN
    SELECT * FROM serial.leases
      WHERE kind = p_kind AND year = p_year AND state = 'live' AND boot_id <> p_boot
        AND recalled_at IS NULL AND handed_out_through < last AND node <> 'database'
      ORDER BY lease_id FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    UPDATE serial.leases SET recalled_at = clock_timestamp() WHERE lease_id = l.lease_id;
    INSERT INTO serial.events (event, kind, year, numbers, lease_id, node, boot_id)
      VALUES ('recalled', p_kind, p_year, int4range(l.committed_through + 1, l.last + 1),
        l.lease_id, l.node, l.boot_id);
  END LOOP;
  PERFORM serial.clear_stock(p_kind, p_year, true);
END
$$;

-- Closes expired leases of every counter and keeps the stock; skips what is locked. Returns how many leases
-- of nodes it closed. Locks: counters and leases, both skip locked.
CREATE OR REPLACE FUNCTION serial.reap_expired() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  c record;
  v_count integer := 0;
  v_year integer := serial.running_year();
  v_wanted text[] := array(SELECT k FROM unnest('{job,target}'::text[]) AS k
    WHERE serial.stock_target(k) > 0);
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_durable(false);
  -- a new year: before an application's transaction makes its counters, and keeps them to itself
  INSERT INTO serial.counters (kind, year)
    SELECT u, v_year FROM unnest(v_wanted) AS u
      WHERE NOT EXISTS (SELECT FROM serial.counters k WHERE k.kind = u AND k.year = v_year)
      ORDER BY u ON CONFLICT DO NOTHING;
  FOR c IN
    SELECT k.kind, k.year FROM serial.counters k
      WHERE EXISTS (SELECT FROM serial.leases x
          WHERE x.kind = k.kind AND x.year = k.year AND x.state = 'live'
            AND (x.expires_at <= clock_timestamp() OR x.expires_at > clock_timestamp() + x.ttl
              OR (x.node = 'database' AND (x.committed_through = x.last OR x.year <> v_year
                OR x.kind <> ALL (v_wanted)))))
        OR (k.year = v_year AND k.kind = ANY (v_wanted)
          AND serial.count_stock(k.kind, v_year) <> serial.stock_target(k.kind))
      ORDER BY k.kind, k.year FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    v_count := v_count + serial.reap_counter(c.kind, c.year);
  END LOOP;
  RETURN v_count;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
