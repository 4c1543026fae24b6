-- Register, acquire, renew and release again, as 0004 has them, with: what the coordinator says of
-- itself, grants that wait for reports, the reserve, any named year, a request to drain, and what stays
-- issued of a released lease.

DROP FUNCTION serial.register_boot(uuid, integer);
DROP FUNCTION serial.acquire_blocks(uuid, text, integer, integer, integer, integer, uuid[], uuid[],
  boolean);
DROP FUNCTION serial.renew_leases(uuid, uuid[], uuid[], integer);
DROP FUNCTION serial.release_leases(uuid, uuid[], uuid[], integer[]);

-- Registers a process for the calling node and expires the leases of the node's older process.
-- Idempotent. outcome: 'registered', or 'superseded' when this boot was already replaced; and what the
-- coordinator says of itself.
-- Locks: grant_state (when the server started), the node's row, counters, leases by id, boots.
CREATE FUNCTION serial.register_boot(p_boot uuid, p_ttl_ms integer)
RETURNS TABLE (outcome text, system_identifier text, timeline integer, "position" numeric,
  generation integer, grants_open boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  v_ended timestamptz;
  c record;
  l record;
BEGIN
  IF (p_ttl_ms BETWEEN 100 AND 3600000) IS NOT TRUE THEN
    RAISE EXCEPTION 'time to live % ms is not within 100...3600000', p_ttl_ms
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM serial.demand_durable(false);
  PERFORM serial.notice_start();
  PERFORM FROM serial.nodes n WHERE n.node = v_node AND n.state = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'node % is not active', v_node USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT b.ended_at INTO v_ended FROM serial.boots b WHERE b.boot_id = p_boot AND b.node = v_node;
  IF FOUND THEN
    RETURN QUERY SELECT CASE WHEN v_ended IS NULL THEN 'registered' ELSE 'superseded' END, f.*
      FROM serial.coordinator_facts() f;
    RETURN;
  END IF;
  FOR c IN
    SELECT k.kind, k.year FROM serial.counters k
      WHERE EXISTS (SELECT FROM serial.leases x WHERE x.kind = k.kind AND x.year = k.year
                      AND x.node = v_node AND x.state = 'live')
      ORDER BY k.kind, k.year FOR NO KEY UPDATE
  LOOP
    NULL;
  END LOOP;
  FOR l IN
    SELECT x.lease_id, x.committed_through FROM serial.leases x
      WHERE x.node = v_node AND x.state = 'live' ORDER BY x.lease_id FOR NO KEY UPDATE
  LOOP
    PERFORM serial.close_lease(l.lease_id, l.committed_through, 'superseded');
  END LOOP;
  -- not before it started, also when this server's clock stepped back
  UPDATE serial.boots SET ended_at = greatest(clock_timestamp(), started_at)
    WHERE node = v_node AND ended_at IS NULL;
  INSERT INTO serial.boots (boot_id, node, ttl)
    VALUES (p_boot, v_node, make_interval(secs => p_ttl_ms / 1000.0));
  INSERT INTO serial.events (event, node, boot_id) VALUES ('boot', v_node, p_boot);
  RETURN QUERY SELECT 'registered'::text, f.* FROM serial.coordinator_facts() f;
END
$$;

-- Grants blocks of a counter: the lowest free ranges first, then from the tail, at most one block
-- for each lease id that the caller made. Asked again with the same ids it answers what it granted.
--   p_year     null for the running UTC year; an administrator's request names another, 2000 to the
--              one after the running one
--   p_needed   1...1000, what the waiting requests need: granted as far as it is free
--   p_wanted   at least p_needed, what the node would like: bounded by free / (4 x live nodes)
--   p_ttl_ms   time to live of the lease
--   p_leases, p_tokens   1...16 random ids, made by the node
--   p_standby  refuse unless a synchronous standby is configured
--   p_use_reserve  also the numbers at the end that are kept for administrators
-- outcome: 'granted' with a row for each block, else one row without a lease: 'none' (nothing is
-- free), 'frozen', 'superseded', 'no-standby', 'grants-closed'. free and leased_elsewhere are what is
-- left for others and what other processes may still issue or give back; reserved is what the reserve
-- keeps back from this call. When less than p_needed was free
-- the leases of the other processes are marked recalled.
-- Locks: grant_state (when it changes), the node's row (shared), the counter, leases by id (expired and recalled: skip locked).
CREATE FUNCTION serial.acquire_blocks(
  p_boot uuid, p_kind text, p_year integer, p_needed integer, p_wanted integer,
  p_ttl_ms integer, p_leases uuid[], p_tokens uuid[], p_standby boolean, p_use_reserve boolean)
RETURNS TABLE (
  outcome text, year integer, lease_id uuid, first integer, last integer,
  free integer, leased_elsewhere integer, live_nodes integer, reserved integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  v_year integer;
  c serial.counters;
  v_free integer;
  v_nodes integer;
  v_left integer;
  v_index integer := 0;
  v_range int4range;
  v_first integer;
  v_last integer;
  v_outcome text;
  v_elsewhere integer;
  v_reserved integer;
  v_open boolean;
BEGIN
  IF (p_needed BETWEEN 1 AND 1000 AND p_wanted BETWEEN p_needed AND 99999) IS NOT TRUE THEN
    RAISE EXCEPTION 'needed % and wanted % are not 1...1000 and needed...99999', p_needed, p_wanted
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF (p_ttl_ms BETWEEN 100 AND 3600000) IS NOT TRUE THEN
    RAISE EXCEPTION 'time to live % ms is not within 100...3600000', p_ttl_ms
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(cardinality(p_leases), 0) NOT BETWEEN 1 AND 16
    OR cardinality(p_tokens) IS DISTINCT FROM cardinality(p_leases) THEN
    RAISE EXCEPTION 'expected 1...16 lease ids and as many tokens'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF (p_year BETWEEN 2000 AND serial.running_year() + 1) IS FALSE THEN
    RAISE EXCEPTION 'year % is not within 2000...%', p_year, serial.running_year() + 1
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT serial.demand_durable(p_standby) THEN
    RETURN QUERY SELECT 'no-standby'::text, p_year, NULL::uuid, NULL::integer, NULL::integer, 0, 0, 0,
      0;
    RETURN;
  END IF;

  v_open := serial.grants_are_open();
  PERFORM FROM serial.nodes n WHERE n.node = v_node AND n.state = 'active' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'node % is not active', v_node USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT serial.boot_is_current(v_node, p_boot) THEN
    RETURN QUERY SELECT 'superseded'::text, p_year, NULL::uuid, NULL::integer, NULL::integer, 0, 0, 0,
      0;
    RETURN;
  END IF;

  -- asked again: the counter is that of the first grant, also after midnight
  SELECT x.year INTO v_year FROM serial.leases x
    WHERE x.lease_id = ANY (p_leases) AND x.boot_id = p_boot LIMIT 1;
  v_year := coalesce(v_year, p_year, serial.running_year());
  INSERT INTO serial.counters (kind, year) VALUES (p_kind, v_year) ON CONFLICT DO NOTHING;
  SELECT * INTO STRICT c FROM serial.counters k WHERE k.kind = p_kind AND k.year = v_year
    FOR NO KEY UPDATE;
  PERFORM serial.reap_counter(p_kind, v_year);
  SELECT * INTO STRICT c FROM serial.counters k WHERE k.kind = p_kind AND k.year = v_year;
  SELECT c.capacity + 1 - c.next_number + coalesce(sum(upper(f.numbers) - lower(f.numbers)), 0)
    INTO v_free FROM serial.free_ranges f WHERE f.kind = p_kind AND f.year = v_year;
  v_reserved := CASE WHEN p_use_reserve THEN 0 ELSE least(v_free, c.reserve) END;
  v_free := v_free - v_reserved;
  -- a report may have closed them while this call waited for the counter
  v_open := v_open AND (SELECT s.grants_open FROM serial.grant_state s);
  SELECT greatest(count(*), 1) INTO v_nodes FROM serial.boots b
    WHERE b.ended_at IS NULL AND b.last_seen_at + b.ttl > clock_timestamp();

  IF EXISTS (SELECT FROM serial.leases x WHERE x.lease_id = ANY (p_leases)) THEN
    v_outcome := 'granted';
  ELSIF NOT v_open THEN
    v_outcome := 'grants-closed';
  ELSIF c.frozen THEN
    v_outcome := 'frozen';
  ELSIF (SELECT count(*) FROM serial.leases x
           WHERE x.boot_id = p_boot AND x.state = 'live') >= 2048 THEN
    RAISE EXCEPTION 'this process holds 2048 leases already'
      USING ERRCODE = 'configuration_limit_exceeded';
  ELSE
    v_left := least(v_free, greatest(p_needed, least(p_wanted, v_free / (4 * v_nodes))));
    v_outcome := CASE WHEN v_left > 0 THEN 'granted' ELSE 'none' END;
    WHILE v_left > 0 AND v_index < cardinality(p_leases) LOOP
      v_index := v_index + 1;
      SELECT f.numbers INTO v_range FROM serial.free_ranges f
        WHERE f.kind = p_kind AND f.year = v_year ORDER BY f.numbers LIMIT 1;
      IF FOUND THEN
        v_first := lower(v_range);
        v_last := least(upper(v_range) - 1, v_first + v_left - 1);
        DELETE FROM serial.free_ranges f
          WHERE f.kind = p_kind AND f.year = v_year AND f.numbers = v_range;
        IF v_last < upper(v_range) - 1 THEN
          INSERT INTO serial.free_ranges (kind, year, numbers)
            VALUES (p_kind, v_year, int4range(v_last + 1, upper(v_range)));
        END IF;
      ELSE
        v_first := c.next_number;
        v_last := least(c.capacity, v_first + v_left - 1);
        UPDATE serial.counters k SET next_number = v_last + 1
          WHERE k.kind = p_kind AND k.year = v_year;
        c.next_number := v_last + 1;
      END IF;
      v_left := v_left - (v_last - v_first + 1);
      v_free := v_free - (v_last - v_first + 1);
      INSERT INTO serial.leases (lease_id, kind, year, node, boot_id, token, first, last,
          committed_through, handed_out_through, named_year, ttl, expires_at)
        VALUES (p_leases[v_index], p_kind, v_year, v_node, p_boot, p_tokens[v_index], v_first,
          v_last, v_first - 1, v_first - 1, p_year IS NOT NULL,
          make_interval(secs => p_ttl_ms / 1000.0),
          clock_timestamp() + make_interval(secs => p_ttl_ms / 1000.0));
      INSERT INTO serial.events (event, kind, year, numbers, lease_id, node, boot_id)
        VALUES ('granted', p_kind, v_year, int4range(v_first, v_last + 1), p_leases[v_index],
          v_node, p_boot);
    END LOOP;
  END IF;

  SELECT coalesce(sum(x.last - x.handed_out_through), 0) INTO v_elsewhere FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = v_year AND x.state = 'live' AND x.boot_id <> p_boot;
  IF v_free = 0 AND v_elsewhere > 0 AND v_outcome IN ('granted', 'none') AND p_needed > (
    SELECT coalesce(sum(x.last - x.committed_through), 0) FROM serial.leases x
      WHERE x.lease_id = ANY (p_leases)
  ) THEN
    PERFORM serial.recall_leases(p_kind, v_year, p_boot);
  END IF;

  RETURN QUERY
    SELECT v_outcome, v_year, x.lease_id, x.first, x.last, v_free, v_elsewhere, v_nodes,
        v_reserved
      FROM serial.leases x
      WHERE x.lease_id = ANY (p_leases) AND x.boot_id = p_boot AND x.state = 'live'
      ORDER BY x.first;
  IF NOT FOUND THEN
    -- asked again after everything it was granted had been closed: that is nothing
    RETURN QUERY SELECT CASE v_outcome WHEN 'granted' THEN 'none' ELSE v_outcome END, v_year,
      NULL::uuid, NULL::integer, NULL::integer, v_free, v_elsewhere, v_nodes, v_reserved;
  END IF;
END
$$;

-- Renews leases of one process, and tells that the process lives (also without any lease).
-- Returns a row with lease_id null for the boot itself ('registered', 'superseded', 'unknown-boot'),
-- with drain = an operator wants it to give everything back, and what the coordinator says of itself;
-- and one for each lease: 'live', 'expired', 'closed', 'not-holder', 'stale-token', 'unknown-lease'.
-- Locks: grant_state (when the server started), leases by id, boots.
CREATE FUNCTION serial.renew_leases(
  p_boot uuid, p_leases uuid[], p_tokens uuid[], p_ttl_ms integer)
RETURNS TABLE (lease_id uuid, outcome text, recalled boolean, drain boolean, system_identifier text,
  timeline integer, "position" numeric, generation integer, grants_open boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  v_ended timestamptz;
  v_drain timestamptz;
  v_state text := 'registered';
  v_ttl interval := make_interval(secs => p_ttl_ms / 1000.0);
  q record;
  l serial.leases;
  v_outcome text;
BEGIN
  IF (p_ttl_ms BETWEEN 100 AND 3600000) IS NOT TRUE THEN
    RAISE EXCEPTION 'time to live % ms is not within 100...3600000', p_ttl_ms
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM serial.demand_durable(false);
  PERFORM serial.notice_start();
  FOR q IN SELECT u.lease, u.token FROM unnest(p_leases, p_tokens) AS u (lease, token)
    ORDER BY u.lease
  LOOP
    -- only own rows are locked; another node's is looked at to say whose it is
    SELECT * INTO l FROM serial.leases x WHERE x.lease_id = q.lease AND x.node = v_node
      FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      SELECT * INTO l FROM serial.leases x WHERE x.lease_id = q.lease;
    END IF;
    v_outcome := CASE
      WHEN l.lease_id IS NULL THEN 'unknown-lease'
      WHEN l.node <> v_node OR l.boot_id IS DISTINCT FROM p_boot THEN 'not-holder'
      WHEN l.token IS DISTINCT FROM q.token THEN 'stale-token'
      WHEN l.state <> 'live' THEN 'closed'
      WHEN l.expires_at <= clock_timestamp() THEN 'expired'
      ELSE 'live' END;
    IF v_outcome = 'live' THEN
      UPDATE serial.leases x SET expires_at = clock_timestamp() + v_ttl, ttl = v_ttl
        WHERE x.lease_id = q.lease;
    END IF;
    RETURN QUERY SELECT q.lease, v_outcome,
      v_outcome = 'live' AND l.recalled_at IS NOT NULL, false, NULL::text, NULL::integer,
      NULL::numeric, NULL::integer, NULL::boolean;
  END LOOP;
  UPDATE serial.boots b SET last_seen_at = clock_timestamp(), ttl = v_ttl,
      drain_told_at = CASE WHEN b.drain_requested_at IS NOT NULL
        THEN coalesce(b.drain_told_at, clock_timestamp()) END
    WHERE b.boot_id = p_boot AND b.node = v_node AND b.ended_at IS NULL
    RETURNING b.drain_requested_at INTO v_drain;
  IF NOT FOUND THEN
    SELECT b.ended_at INTO v_ended FROM serial.boots b WHERE b.boot_id = p_boot AND b.node = v_node;
    v_state := CASE WHEN FOUND THEN 'superseded' ELSE 'unknown-boot' END;
  END IF;
  RETURN QUERY SELECT NULL::uuid, v_state, false, v_drain IS NOT NULL, f.*
    FROM serial.coordinator_facts() f;
END
$$;

-- Gives back what lies above p_handed of each lease and closes it. Idempotent. An expired lease may
-- still be released: what it had committed and not handed out comes back. No number comes back
-- that has a line in the issue log or that is void. issued_through is the highest number that stays
-- issued, below the first when none does, null for a lease that is not the caller's.
-- outcome for each lease: 'released', 'already', 'not-holder', 'stale-token',
-- 'unknown-lease', 'unexpected' (p_handed is outside of what was committed).
-- Locks: counters, leases by id.
CREATE FUNCTION serial.release_leases(
  p_boot uuid, p_leases uuid[], p_tokens uuid[], p_handed integer[])
RETURNS TABLE (lease_id uuid, outcome text, given_back integer, issued_through integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  c record;
  q record;
  l serial.leases;
  v_through integer;
  v_outcome text;
  v_back integer;
BEGIN
  PERFORM serial.demand_durable(false);
  FOR c IN
    SELECT k.kind, k.year FROM serial.counters k
      WHERE (k.kind, k.year) IN (SELECT x.kind, x.year FROM serial.leases x
                                   WHERE x.lease_id = ANY (p_leases) AND x.node = v_node)
      ORDER BY k.kind, k.year FOR NO KEY UPDATE
  LOOP
    NULL;
  END LOOP;
  FOR q IN
    SELECT u.* FROM unnest(p_leases, p_tokens, p_handed) AS u (lease, token, handed)
      ORDER BY u.lease
  LOOP
    -- only own rows are locked; another node's is looked at to say whose it is
    SELECT * INTO l FROM serial.leases x WHERE x.lease_id = q.lease AND x.node = v_node
      FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      SELECT * INTO l FROM serial.leases x WHERE x.lease_id = q.lease;
    END IF;
    v_back := 0;
    v_outcome := CASE
      WHEN l.lease_id IS NULL THEN 'unknown-lease'
      WHEN l.node <> v_node OR l.boot_id IS DISTINCT FROM p_boot THEN 'not-holder'
      WHEN l.token IS DISTINCT FROM q.token THEN 'stale-token'
      WHEN l.state = 'closed' AND l.close_reason = 'released' THEN 'already'
      WHEN q.handed IS NULL OR q.handed < l.handed_out_through
        OR q.handed > l.committed_through THEN 'unexpected'
      ELSE 'released' END;
    IF v_outcome = 'released' THEN
      -- what a report proved issued may have lost its lines
      IF l.carved THEN
        q.handed := greatest(q.handed, l.closed_through);
      END IF;
      SELECT greatest(q.handed, coalesce(max(upper(i.numbers)) - 1, q.handed)) INTO v_through
        FROM serial.issue_log i WHERE i.lease_id = q.lease;
      SELECT greatest(v_through, coalesce(max(upper(v.numbers * l.block)) - 1, v_through))
        INTO v_through FROM serial.void_ranges v
        WHERE v.kind = l.kind AND v.year = l.year AND v.numbers && l.block;
      IF l.state = 'live' THEN
        v_back := l.last - v_through;
        PERFORM serial.close_lease(q.lease, v_through, 'released');
      ELSE
        v_back := l.closed_through - v_through;
        UPDATE serial.leases x SET closed_through = v_through, close_reason = 'released'
          WHERE x.lease_id = q.lease;
        UPDATE serial.counters k SET settled = k.settled - v_back
          WHERE k.kind = l.kind AND k.year = l.year;
        PERFORM serial.give_back(l.kind, l.year, v_through + 1, l.closed_through);
        INSERT INTO serial.events (event, kind, year, numbers, lease_id, node, boot_id, detail)
          VALUES ('released', l.kind, l.year, l.block, l.lease_id, l.node, l.boot_id,
            jsonb_build_object('after', l.close_reason, 'given_back', v_back));
      END IF;
    END IF;
    RETURN QUERY SELECT q.lease, v_outcome, v_back, CASE
      WHEN v_outcome = 'released' THEN v_through
      WHEN v_outcome = 'already' THEN l.closed_through END;
  END LOOP;
END
$$;
