-- What an administrator does: void, freeze, reserve, quotas, drain, retire, recover. Called by the nodes'
-- roles for the subject of a token with the scope cluster:admin, which is written into the events.

-- Serials of a counter that a record carries: `public.jobs.job_serial`, `public.universal_targets.target_serial`
-- (requirements, part C), where these tables are there. Locks: none.
CREATE FUNCTION serial.recorded_numbers(p_kind text, p_year integer) RETURNS int4multirange
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_table text := CASE p_kind WHEN 'job' THEN 'jobs' ELSE 'universal_targets' END;
  v_column text := CASE p_kind WHEN 'job' THEN 'job_serial' ELSE 'target_serial' END;
  v_numbers int4multirange;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.' || v_table)
      AND attname = v_column AND NOT attisdropped) THEN
    RETURN '{}';
  END IF;
  EXECUTE format(
    'SELECT range_agg(int4range(n, n + 1)) FROM (SELECT substr(%1$I, 6)::integer AS n FROM public.%2$I
      WHERE %1$I LIKE $1 AND %1$I ~ $2) r WHERE n > 0', v_column, v_table)
    INTO v_numbers
    USING CASE p_kind WHEN 'job' THEN 'J' ELSE 'T' END || p_year || '%',
      '^[JT][0-9]{9}$';
  RETURN coalesce(v_numbers, '{}');
END
$$;

-- Refuses a reason or a name that says nothing.
CREATE FUNCTION serial.demand_reason(p_reason text, p_by text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF (octet_length(p_reason) BETWEEN 1 AND 1000 AND octet_length(p_by) BETWEEN 1 AND 200) IS NOT TRUE
  THEN
    RAISE EXCEPTION 'expected a reason of 1...1000 bytes and a subject of 1...200'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;

-- The counter's row, locked; made when it is not there.
CREATE FUNCTION serial.lock_counter(p_kind text, p_year integer) RETURNS serial.counters
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  c serial.counters;
BEGIN
  INSERT INTO serial.counters (kind, year) VALUES (p_kind, p_year) ON CONFLICT DO NOTHING;
  SELECT * INTO STRICT c FROM serial.counters WHERE kind = p_kind AND year = p_year
    FOR NO KEY UPDATE;
  RETURN c;
END
$$;

-- Strikes numbers out, all or none: free ones, and issued ones of closed leases that no record carries.
-- outcome: 'done' with how many changed; 'recorded' with the lowest number that has a record; 'leased'
-- with the lowest that is in a live lease, and its node: such leases are marked recalled.
-- Locks: the counter, leases by id.
CREATE FUNCTION serial.void_numbers(
  p_kind text, p_year integer, p_first integer, p_last integer, p_reason text, p_by text,
  OUT outcome text, OUT number integer, OUT node text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_all int4multirange;
  v_free int4multirange;
  v_recorded int4multirange;
  l serial.leases;
  r int4range;
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason(p_reason, p_by);
  PERFORM serial.demand_durable(false);
  IF (1 <= p_first AND p_first <= p_last AND p_last <= 99999) IS NOT TRUE THEN
    RAISE EXCEPTION '%...% is not within 1...99999', p_first, p_last
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM serial.lock_counter(p_kind, p_year);
  PERFORM serial.reap_counter(p_kind, p_year);
  v_all := int4multirange(int4range(p_first, p_last + 1));
  v_recorded := v_all * serial.recorded_numbers(p_kind, p_year);
  IF NOT isempty(v_recorded) THEN
    outcome := 'recorded';
    number := lower(v_recorded);
    RETURN;
  END IF;
  v_all := v_all - coalesce((SELECT range_agg(v.numbers) FROM serial.void_ranges v
    WHERE v.kind = p_kind AND v.year = p_year), '{}');
  FOR l IN SELECT * FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'live'
      AND x.block && int4range(p_first, p_last + 1) ORDER BY x.lease_id FOR NO KEY UPDATE
  LOOP
    CONTINUE WHEN NOT v_all && l.block;
    outcome := 'leased';
    IF number IS NULL OR greatest(l.first, p_first) < number THEN
      number := greatest(l.first, p_first);
      node := l.node;
    END IF;
    IF l.recalled_at IS NULL THEN
      UPDATE serial.leases x SET recalled_at = clock_timestamp() WHERE x.lease_id = l.lease_id;
      INSERT INTO serial.events (event, kind, year, numbers, lease_id, node, boot_id, detail)
        VALUES ('recalled', p_kind, p_year, int4range(l.committed_through + 1, l.last + 1),
          l.lease_id, l.node, l.boot_id, jsonb_build_object('for', 'void', 'by', p_by));
    END IF;
  END LOOP;
  -- And what a process that still speaks may hand out of an expired lease: it gives it back, or reports
  -- it, as soon as it hears of the end. One that died is retired, or starts again, before.
  IF outcome IS NULL THEN
    SELECT lower(r1), x.node INTO number, node
      FROM serial.leases x, unnest(v_all * int4multirange(x.block) - coalesce((
        SELECT range_agg(i.numbers) FROM serial.issue_log i
          WHERE i.lease_id = x.lease_id), '{}')) AS r1
      WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'closed'
        AND x.close_reason = 'expired' AND x.block && int4range(p_first, p_last + 1)
        AND EXISTS (SELECT FROM serial.boots b
          WHERE b.boot_id = x.boot_id AND b.ended_at IS NULL)
      ORDER BY 1 LIMIT 1;
    outcome := CASE WHEN FOUND THEN 'leased' END;
  END IF;
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;
  v_free := v_all * serial.free_numbers(p_kind, p_year);
  FOR r IN SELECT u FROM unnest(v_free) AS u LOOP
    PERFORM serial.take_out(p_kind, p_year, lower(r), upper(r) - 1);
  END LOOP;
  UPDATE serial.counters c
    SET settled = c.settled - (SELECT coalesce(sum(upper(u) - lower(u)), 0)
      FROM unnest(v_all - v_free) AS u)
    WHERE c.kind = p_kind AND c.year = p_year;
  number := 0;
  FOR r IN SELECT u FROM unnest(v_all) AS u LOOP
    INSERT INTO serial.void_ranges (kind, year, numbers, reason, voided_by)
      VALUES (p_kind, p_year, r, p_reason, p_by);
    INSERT INTO serial.events (event, kind, year, numbers, detail)
      VALUES ('voided', p_kind, p_year, r, jsonb_build_object('reason', p_reason, 'by', p_by,
        'were_free', v_free @> r));
    number := number + upper(r) - lower(r);
  END LOOP;
  outcome := 'done';
END
$$;

-- Takes a void back, for all of the numbers or none: what had been free is free again, what had been
-- issued is issued again. outcome: 'done' with how many; 'not-void' with the lowest that is not.
-- Locks: the counter.
CREATE FUNCTION serial.unvoid_numbers(
  p_kind text, p_year integer, p_first integer, p_last integer, p_reason text, p_by text,
  OUT outcome text, OUT number integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_all int4multirange;
  v_issued int4multirange;
  v serial.void_ranges;
  r int4range;
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason(p_reason, p_by);
  PERFORM serial.demand_durable(false);
  IF (1 <= p_first AND p_first <= p_last AND p_last <= 99999) IS NOT TRUE THEN
    RAISE EXCEPTION '%...% is not within 1...99999', p_first, p_last
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM serial.lock_counter(p_kind, p_year);
  v_all := int4multirange(int4range(p_first, p_last + 1));
  SELECT lower(v_all - coalesce(range_agg(x.numbers), '{}')) INTO number
    FROM serial.void_ranges x WHERE x.kind = p_kind AND x.year = p_year;
  IF number IS NOT NULL THEN
    outcome := 'not-void';
    RETURN;
  END IF;
  FOR v IN DELETE FROM serial.void_ranges x
    WHERE x.kind = p_kind AND x.year = p_year AND x.numbers && int4range(p_first, p_last + 1)
    RETURNING *
  LOOP
    INSERT INTO serial.void_ranges (kind, year, numbers, reason, voided_by, voided_at)
      SELECT v.kind, v.year, u, v.reason, v.voided_by, v.voided_at
        FROM unnest(int4multirange(v.numbers) - v_all) AS u;
  END LOOP;
  SELECT v_all * coalesce(range_agg(x.block), '{}') INTO v_issued FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'closed'
      AND x.block && int4range(p_first, p_last + 1);
  UPDATE serial.counters c
    SET settled = c.settled + (SELECT coalesce(sum(upper(u) - lower(u)), 0)
      FROM unnest(v_issued) AS u)
    WHERE c.kind = p_kind AND c.year = p_year;
  FOR r IN SELECT u FROM unnest(v_all - v_issued) AS u LOOP
    PERFORM serial.give_back(p_kind, p_year, lower(r), upper(r) - 1);
  END LOOP;
  INSERT INTO serial.events (event, kind, year, numbers, detail)
    VALUES ('unvoided', p_kind, p_year, int4range(p_first, p_last + 1),
      jsonb_build_object('reason', p_reason, 'by', p_by));
  outcome := 'done';
  number := p_last - p_first + 1;
END
$$;

-- Stops or resumes issuing of a counter on every node. Locks: the counter.
CREATE FUNCTION serial.set_frozen(
  p_kind text, p_year integer, p_frozen boolean, p_reason text, p_by text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason(p_reason, p_by);
  PERFORM serial.demand_durable(false);
  PERFORM serial.lock_counter(p_kind, p_year);
  UPDATE serial.counters SET frozen = p_frozen WHERE kind = p_kind AND year = p_year;
  INSERT INTO serial.events (event, kind, year, detail)
    VALUES (CASE WHEN p_frozen THEN 'frozen' ELSE 'unfrozen' END, p_kind, p_year,
      jsonb_build_object('reason', p_reason, 'by', p_by));
END
$$;

-- Keeps so many numbers at the end of a counter for administrators. Locks: the counter.
CREATE FUNCTION serial.set_reserve(p_kind text, p_year integer, p_numbers integer, p_by text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_before integer;
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason('reserve', p_by);
  PERFORM serial.demand_durable(false);
  SELECT reserve INTO v_before FROM serial.lock_counter(p_kind, p_year);
  UPDATE serial.counters SET reserve = p_numbers WHERE kind = p_kind AND year = p_year;
  INSERT INTO serial.events (event, kind, year, detail) VALUES ('reserve-set', p_kind, p_year,
    jsonb_build_object('numbers', p_numbers, 'before', v_before, 'by', p_by));
END
$$;

-- Limits what a subject may use up; both null removes the quota. What it used before counts.
-- Locks: the quota; for a new one the issue log, against commits, until it is counted.
CREATE FUNCTION serial.set_quota(
  p_subject text, p_per_minute integer, p_per_year integer, p_by text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_minute timestamptz := date_trunc('minute', clock_timestamp());
  v_year integer := serial.running_year();
  v_is_new boolean;
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason('quota', p_by);
  PERFORM serial.demand_durable(false);
  IF p_per_minute IS NULL AND p_per_year IS NULL THEN
    DELETE FROM serial.quotas WHERE subject = p_subject;
    INSERT INTO serial.events (event, detail) VALUES ('quota-removed',
      jsonb_build_object('subject', p_subject, 'by', p_by));
    RETURN;
  END IF;
  INSERT INTO serial.quotas AS x (subject, per_minute, per_year, minute, year, set_by)
    VALUES (p_subject, p_per_minute, p_per_year, v_minute, v_year, p_by)
    ON CONFLICT (subject) DO UPDATE SET per_minute = excluded.per_minute,
      per_year = excluded.per_year, set_by = excluded.set_by, set_at = clock_timestamp()
    RETURNING xmax = 0 INTO v_is_new;
  IF v_is_new THEN
    -- commits that are under way do not see the quota: they are waited for, and then counted
    LOCK TABLE serial.issue_log IN SHARE MODE;
    UPDATE serial.quotas x SET used_minute = u.minute, used_year = u.year
      FROM (SELECT coalesce(sum(upper(i.numbers) - lower(i.numbers)), 0) AS year,
          coalesce(sum(upper(i.numbers) - lower(i.numbers))
            FILTER (WHERE i.issued_at >= v_minute), 0) AS minute
        FROM serial.issue_log i WHERE i.subject = p_subject
          AND i.issued_at >= make_timestamptz(v_year, 1, 1, 0, 0, 0, 'UTC')) u
      WHERE x.subject = p_subject;
  END IF;
  INSERT INTO serial.events (event, detail) VALUES ('quota-set', jsonb_build_object(
    'subject', p_subject, 'per_minute', p_per_minute, 'per_year', p_per_year, 'by', p_by));
END
$$;

-- Tells the node's process to give everything back and to issue no more: it hears of it with its next
-- renewal. outcome: 'done', 'already', 'unknown-node', 'not-running'. Locks: boots.
CREATE FUNCTION serial.drain_node(p_node text, p_by text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  b serial.boots;
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason('drain', p_by);
  PERFORM serial.demand_durable(false);
  IF NOT EXISTS (SELECT FROM serial.nodes WHERE node = p_node) THEN
    RETURN 'unknown-node';
  END IF;
  SELECT * INTO b FROM serial.boots WHERE node = p_node AND ended_at IS NULL FOR NO KEY UPDATE;
  IF b.boot_id IS NULL OR b.last_seen_at + b.ttl <= clock_timestamp() THEN
    RETURN 'not-running';
  ELSIF b.drain_requested_at IS NOT NULL THEN
    RETURN 'already';
  END IF;
  UPDATE serial.boots SET drain_requested_at = clock_timestamp() WHERE boot_id = b.boot_id;
  INSERT INTO serial.events (event, node, boot_id, detail)
    VALUES ('drain-requested', p_node, b.boot_id, jsonb_build_object('by', p_by));
  RETURN 'done';
END
$$;

-- Ends a node for good: its leases are closed through what was committed, its calls are refused, and
-- nobody waits for its report. outcome: 'done', 'already', 'unknown-node'.
-- Locks: grant_state, the node, counters, leases by id, boots.
CREATE FUNCTION serial.retire_node(p_node text, p_reason text, p_by text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_state text;
  l record;
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason(p_reason, p_by);
  PERFORM serial.demand_durable(false);
  PERFORM FROM serial.grant_state FOR UPDATE;
  SELECT state INTO v_state FROM serial.nodes WHERE node = p_node FOR NO KEY UPDATE;
  IF v_state IS NULL THEN
    RETURN 'unknown-node';
  ELSIF v_state = 'retired' THEN
    RETURN 'already';
  END IF;
  PERFORM FROM serial.counters k
    WHERE EXISTS (SELECT FROM serial.leases x WHERE x.kind = k.kind AND x.year = k.year
                    AND x.node = p_node AND x.state = 'live')
    ORDER BY k.kind, k.year FOR NO KEY UPDATE;
  FOR l IN
    SELECT x.lease_id, x.committed_through FROM serial.leases x
      WHERE x.node = p_node AND x.state = 'live' ORDER BY x.lease_id FOR NO KEY UPDATE
  LOOP
    PERFORM serial.close_lease(l.lease_id, l.committed_through, 'retired');
  END LOOP;
  UPDATE serial.boots SET ended_at = greatest(clock_timestamp(), started_at)
    WHERE node = p_node AND ended_at IS NULL;
  UPDATE serial.nodes SET state = 'retired' WHERE node = p_node;
  INSERT INTO serial.events (event, node, detail) VALUES ('node-retired', p_node,
    jsonb_build_object('reason', p_reason, 'by', p_by));
  PERFORM serial.open_grants_when_reported();
  RETURN 'done';
END
$$;

-- Opens grants without waiting for the nodes that have not reported; returns those.
-- Locks: grant_state.
CREATE FUNCTION serial.recover_grants(p_reason text, p_by text) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  s serial.grant_state;
  v_missing text[];
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason(p_reason, p_by);
  PERFORM serial.demand_durable(false);
  PERFORM serial.notice_start();
  SELECT * INTO STRICT s FROM serial.grant_state FOR UPDATE;
  v_missing := serial.nodes_to_report();
  UPDATE serial.grant_state SET grants_open = true, opens_at = NULL;
  INSERT INTO serial.events (event, detail) VALUES ('recovered', jsonb_build_object(
    'generation', s.generation, 'reason', p_reason, 'by', p_by, 'not_reported', v_missing,
    'were_open', s.grants_open));
  RETURN v_missing;
END
$$;

-- Changes how grants wait; null leaves a setting as it is. Locks: grant_state.
CREATE FUNCTION serial.set_recovery(p_wait_ms integer, p_synchronous boolean, p_by text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_reason('recovery', p_by);
  PERFORM serial.demand_durable(false);
  UPDATE serial.grant_state SET
    wait = coalesce(make_interval(secs => p_wait_ms / 1000.0), wait),
    synchronous_failover = coalesce(p_synchronous, synchronous_failover);
  INSERT INTO serial.events (event, detail) VALUES ('recovery-set', jsonb_build_object(
    'wait_milliseconds', p_wait_ms, 'synchronous_failover', p_synchronous, 'by', p_by));
END
$$;

-- Nodes that are not retired and have not reported for the running generation, while grants are
-- closed; none while they are open. Locks: none.
CREATE FUNCTION serial.nodes_to_report() RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT coalesce(array_agg(n.node ORDER BY n.node), '{}')
    FROM serial.nodes n, serial.grant_state s
    WHERE NOT s.grants_open AND n.state = 'active' AND NOT EXISTS (SELECT FROM serial.node_reports r
      WHERE r.node = n.node AND r.generation = s.generation)
$$;
