-- Generations: a coordinator that started again, was promoted or restored may have forgotten what it
-- acknowledged, and would grant those numbers again. Its nodes remember. So it grants nothing until
-- they have said what they hold and issued (design section 5).
--
-- LOCK ORDER, continued from 0001: serial.grant_state comes before everything else; serial.quotas, by
-- subject, after serial.leases and before serial.idempotency_keys.

CREATE TABLE serial.grant_state (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- goes up whenever the nodes have to report again
  generation integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
  grants_open boolean NOT NULL DEFAULT true,
  -- why this generation began; null for the first
  reason text CHECK (reason IN ('start', 'new-timeline', 'other-system', 'position-behind',
    'forgotten')),
  closed_at timestamptz,
  -- when grants open in any case; null when only reports or an administrator open them
  opens_at timestamptz,
  -- what this server was like when the generation began
  system_identifier text NOT NULL,
  timeline integer NOT NULL,
  started_at timestamptz NOT NULL,
  -- how long grants wait for reports after a start that nobody found suspicious
  wait interval NOT NULL DEFAULT interval '30 seconds'
    CHECK (wait BETWEEN interval '0' AND interval '1 hour'),
  -- an administrator vouches that every failover is strictly synchronous
  synchronous_failover boolean NOT NULL DEFAULT false,
  CHECK (grants_open OR (reason IS NOT NULL AND closed_at IS NOT NULL)),
  CHECK (NOT grants_open OR opens_at IS NULL)
);

-- Which nodes have reported for the running generation.
CREATE TABLE serial.node_reports (
  node text PRIMARY KEY REFERENCES serial.nodes,
  generation integer NOT NULL,
  boot_id uuid NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Numbers that a node reported as issued and that another one has: each is an incident once.
CREATE TABLE serial.overlaps (
  kind text NOT NULL,
  year integer NOT NULL,
  numbers int4range NOT NULL
    CHECK ((lower(numbers) >= 1 AND upper(numbers) <= 100000) IS TRUE),
  node text NOT NULL REFERENCES serial.nodes,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (kind, year) REFERENCES serial.counters,
  EXCLUDE USING gist (kind WITH =, year WITH =, node WITH =, numbers WITH &&)
);

ALTER TABLE serial.boots
  ADD COLUMN drain_requested_at timestamptz,
  -- when the process was told so, with a renewal
  ADD COLUMN drain_told_at timestamptz,
  ADD CHECK (drain_told_at IS NULL OR drain_requested_at IS NOT NULL);

-- A node's report proved numbers of it issued, which this server had forgotten.
ALTER TABLE serial.leases ADD COLUMN carved boolean NOT NULL DEFAULT false;
ALTER TABLE serial.leases DROP CONSTRAINT leases_close_reason_check;
ALTER TABLE serial.leases ADD CONSTRAINT leases_close_reason_check
  CHECK (close_reason IN ('released', 'expired', 'superseded', 'retired', 'carved'));

-- The node that the session's role belongs to. Raises insufficient_privilege for any other role. Each
-- statement of a function has to see what was committed before it, so no other isolation will do.
CREATE OR REPLACE FUNCTION serial.calling_node() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_node text;
  v_state text;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the transaction is %, expected read committed',
      current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state';
  END IF;
  SELECT node, state INTO v_node, v_state FROM serial.nodes WHERE role = session_user;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'role % is not the role of a node', session_user
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF v_state <> 'active' THEN
    RAISE EXCEPTION 'node % is %', v_node, v_state USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN v_node;
END
$$;

-- The timeline that this server writes on. From the name of the segment that it writes, not from the
-- control file, which lags behind a promotion.
CREATE FUNCTION serial.current_timeline() RETURNS integer
LANGUAGE sql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
$$;

CREATE FUNCTION serial.current_system() RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT system_identifier::text FROM pg_control_system()
$$;

INSERT INTO serial.grant_state (system_identifier, timeline, started_at)
  VALUES (serial.current_system(), serial.current_timeline(), pg_postmaster_start_time());

-- Begins a generation: nothing is granted until every node that is not retired has reported. An earlier
-- suspicion that was not cleared stays: a start does not make it harmless.
-- Locks: the caller holds the row of grant_state.
CREATE FUNCTION serial.close_grants(p_reason text, p_detail jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  s serial.grant_state;
  v_stays boolean;
  v_now timestamptz := clock_timestamp();
BEGIN
  SELECT * INTO STRICT s FROM serial.grant_state;
  v_stays := p_reason = 'start' AND NOT s.grants_open AND s.opens_at IS NULL;
  UPDATE serial.grant_state SET
    generation = s.generation + 1, grants_open = false,
    reason = CASE WHEN v_stays THEN s.reason ELSE p_reason END,
    closed_at = v_now,
    opens_at = CASE WHEN p_reason = 'start' AND NOT v_stays THEN v_now + s.wait END;
  DELETE FROM serial.node_reports;
  INSERT INTO serial.events (event, detail) VALUES ('grants-closed',
    jsonb_build_object('generation', s.generation + 1, 'reason', p_reason) || p_detail);
END
$$;

-- Compares this server with what it was, and begins a generation when it is not the same.
-- Locks: the row of grant_state, only when something changed.
CREATE FUNCTION serial.notice_start() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  s serial.grant_state;
  v_system text := serial.current_system();
  v_timeline integer := serial.current_timeline();
  v_started timestamptz := pg_postmaster_start_time();
BEGIN
  SELECT * INTO STRICT s FROM serial.grant_state;
  IF s.system_identifier = v_system AND s.timeline = v_timeline AND s.started_at = v_started THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT s FROM serial.grant_state FOR UPDATE;
  IF s.system_identifier = v_system AND s.timeline = v_timeline AND s.started_at = v_started THEN
    RETURN;
  END IF;
  PERFORM serial.close_grants(
    CASE WHEN s.system_identifier <> v_system THEN 'other-system'
      WHEN s.timeline <> v_timeline AND NOT s.synchronous_failover THEN 'new-timeline'
      ELSE 'start' END,
    jsonb_build_object('timeline', v_timeline, 'timeline_before', s.timeline,
      'started_at', v_started));
  UPDATE serial.grant_state
    SET system_identifier = v_system, timeline = v_timeline, started_at = v_started;
END
$$;

-- Opens grants when every node that is not retired has reported. Returns whether they are open now.
-- Locks: the caller holds the row of grant_state.
CREATE FUNCTION serial.open_grants_when_reported() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  s serial.grant_state;
BEGIN
  SELECT * INTO STRICT s FROM serial.grant_state;
  IF s.grants_open THEN
    RETURN true;
  END IF;
  IF EXISTS (SELECT FROM serial.nodes n WHERE n.state = 'active' AND NOT EXISTS (
      SELECT FROM serial.node_reports r WHERE r.node = n.node AND r.generation = s.generation)) THEN
    RETURN false;
  END IF;
  UPDATE serial.grant_state SET grants_open = true, opens_at = NULL;
  INSERT INTO serial.events (event, detail) VALUES ('grants-opened',
    jsonb_build_object('generation', s.generation, 'why', 'every node has reported'));
  RETURN true;
END
$$;

-- Whether blocks are granted; opens grants when their time has come.
-- Locks: the row of grant_state, only when something is to be changed.
CREATE FUNCTION serial.grants_are_open() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  s serial.grant_state;
  v_now timestamptz;
BEGIN
  PERFORM serial.notice_start();
  SELECT * INTO STRICT s FROM serial.grant_state;
  v_now := clock_timestamp();
  IF s.grants_open OR s.opens_at IS NULL
    OR s.opens_at BETWEEN v_now + interval '1 microsecond' AND v_now + s.wait THEN
    RETURN s.grants_open;
  END IF;
  SELECT * INTO STRICT s FROM serial.grant_state FOR UPDATE;
  v_now := clock_timestamp();
  IF s.grants_open OR s.opens_at IS NULL THEN
    RETURN s.grants_open;
  END IF;
  IF s.opens_at > v_now THEN
    -- this server's clock stepped back: nobody waits longer than the wait from now on
    UPDATE serial.grant_state SET opens_at = least(opens_at, v_now + wait);
    RETURN false;
  END IF;
  UPDATE serial.grant_state SET grants_open = true, opens_at = NULL;
  INSERT INTO serial.events (event, detail) VALUES ('grants-opened',
    jsonb_build_object('generation', s.generation, 'why', 'the wait is over'));
  RETURN true;
END
$$;

-- What this server says of itself to a node, which compares it with what its journal remembers. The
-- position is what is flushed: an honest recovery never ends before it.
CREATE FUNCTION serial.coordinator_facts()
RETURNS TABLE (system_identifier text, timeline integer, "position" numeric, generation integer,
  grants_open boolean)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT serial.current_system(), serial.current_timeline(),
    pg_current_wal_flush_lsn() - '0/0'::pg_lsn, s.generation, s.grants_open
  FROM serial.grant_state s
$$;
