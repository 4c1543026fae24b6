-- What the callable functions share: who is calling, durability, closing a lease, reaping.
-- None of these is granted to a node.

-- The node that the session's role belongs to. Raises insufficient_privilege for any other role.
CREATE FUNCTION serial.calling_node() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_node text;
  v_state text;
BEGIN
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

-- The running year in UTC, by this server's clock.
CREATE FUNCTION serial.running_year() RETURNS integer
LANGUAGE sql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::integer
$$;

-- Makes this transaction wait for its synchronous standby, whatever the session has set. False
-- when a standby is demanded and none is configured.
CREATE FUNCTION serial.demand_durable(p_standby boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  RETURN NOT p_standby OR btrim(current_setting('synchronous_standby_names')) <> '';
END
$$;

-- Puts a range back into the free pool, joined with its neighbours and with the tail.
-- Locks: the caller holds the counter's row.
CREATE FUNCTION serial.give_back(p_kind text, p_year integer, p_first integer, p_last integer)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_first integer := p_first;
  v_last integer := p_last;
  v_below integer;
  v_above integer;
BEGIN
  IF p_first > p_last THEN
    RETURN;
  END IF;
  DELETE FROM serial.free_ranges
    WHERE kind = p_kind AND year = p_year AND upper(numbers) = p_first
    RETURNING lower(numbers) INTO v_below;
  DELETE FROM serial.free_ranges
    WHERE kind = p_kind AND year = p_year AND lower(numbers) = p_last + 1
    RETURNING upper(numbers) - 1 INTO v_above;
  v_first := coalesce(v_below, v_first);
  v_last := coalesce(v_above, v_last);
  UPDATE serial.counters SET next_number = v_first
    WHERE kind = p_kind AND year = p_year AND next_number = v_last + 1;
  IF NOT FOUND THEN
    INSERT INTO serial.free_ranges (kind, year, numbers)
      VALUES (p_kind, p_year, int4range(v_first, v_last + 1));
  END IF;
END
$$;

-- Closes a live lease: what is issued through p_through stays issued, the rest becomes free.
-- Locks: the caller holds the counter's row and the lease's row.
CREATE FUNCTION serial.close_lease(p_lease uuid, p_through integer, p_reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  l serial.leases;
BEGIN
  UPDATE serial.leases
    SET state = 'closed', close_reason = p_reason, closed_through = p_through,
        closed_at = clock_timestamp(),
        handed_out_through = least(handed_out_through, p_through)
    WHERE lease_id = p_lease AND state = 'live'
    RETURNING * INTO STRICT l;
  UPDATE serial.counters SET settled = settled + (p_through - l.first + 1)
    WHERE kind = l.kind AND year = l.year;
  PERFORM serial.give_back(l.kind, l.year, p_through + 1, l.last);
  INSERT INTO serial.events (event, kind, year, numbers, lease_id, node, boot_id, detail)
    VALUES (p_reason, l.kind, l.year, int4range(l.first, l.last + 1), l.lease_id, l.node,
      l.boot_id, jsonb_build_object('issued_through', p_through,
        'given_back', l.last - p_through));
END
$$;

-- Closes the counter's expired leases by what was committed in them, at most 256 at once; skips rows
-- that are locked. Returns how many it closed. Locks: the caller holds the counter's row; leases by id.
CREATE FUNCTION serial.reap_counter(p_kind text, p_year integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  l serial.leases;
  v_now timestamptz := clock_timestamp();
  v_count integer := 0;
BEGIN
  FOR l IN
    SELECT * FROM serial.leases
      WHERE kind = p_kind AND year = p_year AND state = 'live'
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
  RETURN v_count;
END
$$;
