-- A node that died between the release of a lease and writing down what came back of it remembers
-- more of that lease than it issued. Its next process was told how much stays issued, and kept the
-- larger number of the two: in a later report, when its journal had joined that lease with others, numbers
-- that had come back were claimed, and carved out of the free pool.
--
-- From here on the coordinator says what is known to be issued.
--
-- And two releases that a coordinator has forgotten, of leases with numbers committed ahead, gave numbers
-- back that had been granted and issued meanwhile (docs/model, OVERLAP_COMES_BACK).

-- Numbers that somebody proved issued lie in the issued part of leases whose holder may still release
-- them: it would give back what it committed and did not hand out, and that would be granted once more. Such
-- a lease is closed, and what it has as issued stays so (release_leases looks at carved).
--   p_boot   only leases of this process; null for any
--   p_but    not leases of this node; null for none
--   p_not    not this lease; null for none
-- Locks: the caller holds the counter's row; leases by id.
CREATE FUNCTION serial.keep_issued(
  p_kind text, p_year integer, p_numbers int4range, p_boot uuid, p_but text,
  p_not uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  l serial.leases;
BEGIN
  FOR l IN SELECT * FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.block && p_numbers AND NOT x.carved
      AND x.lease_id IS DISTINCT FROM p_not AND x.close_reason IS DISTINCT FROM 'released'
      AND (p_boot IS NULL OR x.boot_id = p_boot) AND (p_but IS NULL OR x.node <> p_but)
      AND int4range(x.first, coalesce(x.closed_through, x.committed_through) + 1) && p_numbers
    ORDER BY x.lease_id FOR NO KEY UPDATE
  LOOP
    IF l.state = 'live' THEN
      PERFORM serial.close_lease(l.lease_id, l.committed_through, 'carved');
    END IF;
    UPDATE serial.leases SET carved = true WHERE lease_id = l.lease_id;
  END LOOP;
END
$$;

-- Takes what a node says it issued of one counter out of the free pool, closes its live leases through
-- it, and those of other nodes that hold some of it through what they committed.
--   p_claimed   what may have been issued
--   p_sure      what surely was
-- carved: numbers that this server had forgotten. overlapping: numbers that somebody else has.
-- Locks: the caller holds the counter's row; leases by id.
CREATE OR REPLACE FUNCTION serial.carve_out(
  p_kind text, p_year integer, p_node text, p_boot uuid, p_claimed int4multirange,
  p_sure int4multirange, OUT carved integer, OUT overlapping integer)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_missing int4multirange;
  v_known int4multirange;
  v_void int4multirange;
  v_held int4multirange := '{}';
  v_free int4multirange;
  v_through integer;
  l serial.leases;
  r int4range;
BEGIN
  carved := 0;
  overlapping := 0;
  SELECT coalesce(range_agg(o.numbers), '{}') INTO v_known FROM serial.overlaps o
    WHERE o.kind = p_kind AND o.year = p_year AND o.node = p_node;
  SELECT coalesce(range_agg(v.numbers), '{}') INTO v_void FROM serial.void_ranges v
    WHERE v.kind = p_kind AND v.year = p_year;
  -- A number that was free when it was struck out is issued all the same, if that is taken back.
  FOR r IN SELECT u FROM unnest(p_claimed * v_void - coalesce((SELECT range_agg(x.block)
    FROM serial.leases x WHERE x.kind = p_kind AND x.year = p_year), '{}')) AS u
  LOOP
    PERFORM serial.add_carved(p_kind, p_year, p_node, p_boot, r);
    carved := carved + upper(r) - lower(r);
  END LOOP;
  SELECT p_claimed - coalesce(range_agg(k.numbers), '{}') INTO v_missing FROM (
    SELECT int4range(x.first, coalesce(x.closed_through, x.committed_through) + 1) AS numbers
      FROM serial.leases x WHERE x.kind = p_kind AND x.year = p_year AND x.node = p_node) k;
  v_missing := v_missing - v_known;
  IF isempty(v_missing) THEN
    RETURN;
  END IF;
  FOR l IN SELECT * FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.node = p_node AND x.state = 'live'
      AND x.block && coalesce(range_merge(v_missing), 'empty') ORDER BY x.lease_id FOR NO KEY UPDATE
  LOOP
    CONTINUE WHEN NOT v_missing && l.block;
    v_through := upper(v_missing * int4multirange(l.block)) - 1;
    v_held := v_held + int4multirange(l.block);
    carved := carved + v_through - l.committed_through;
    UPDATE serial.leases SET committed_through = v_through, carved = true
      WHERE lease_id = l.lease_id;
    PERFORM serial.close_lease(l.lease_id, v_through, 'carved');
  END LOOP;
  v_missing := v_missing - v_held;
  -- Another node holds some of them, granted while this server did not know better. It shall issue no
  -- more of them: what it has not committed is free, and taken out below.
  FOR l IN SELECT * FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.node <> p_node AND x.state = 'live'
      AND x.block && coalesce(range_merge(v_missing), 'empty') ORDER BY x.lease_id FOR NO KEY UPDATE
  LOOP
    CONTINUE WHEN NOT v_missing && l.block;
    PERFORM serial.close_lease(l.lease_id, l.committed_through, 'carved');
  END LOOP;
  v_free := v_missing * serial.free_numbers(p_kind, p_year);
  FOR r IN SELECT u FROM unnest(v_free) AS u LOOP
    PERFORM serial.take_out(p_kind, p_year, lower(r), upper(r) - 1);
    PERFORM serial.add_carved(p_kind, p_year, p_node, p_boot, r);
    UPDATE serial.counters SET settled = settled + (upper(r) - lower(r))
      WHERE kind = p_kind AND year = p_year;
    carved := carved + upper(r) - lower(r);
  END LOOP;
  -- what only may have been issued proves nothing against somebody who has it
  FOR r IN SELECT u FROM unnest((v_missing - v_free) * p_sure) AS u LOOP
    overlapping := overlapping + upper(r) - lower(r);
    INSERT INTO serial.overlaps (kind, year, numbers, node) VALUES (p_kind, p_year, r, p_node);
    INSERT INTO serial.events (event, kind, year, numbers, node, boot_id, detail)
      VALUES ('overlap', p_kind, p_year, r, p_node, p_boot, jsonb_build_object('held_by', (
        SELECT jsonb_agg(DISTINCT x.node) FROM serial.leases x
          WHERE x.kind = p_kind AND x.year = p_year AND x.block && r AND x.node <> p_node)));
    PERFORM serial.keep_issued(p_kind, p_year, r, NULL, p_node, NULL);
  END LOOP;
END
$$;

-- Takes the report of the calling node: numbers that it issued or may have issued, of whatever year,
-- whether or not this server remembers.
--   p_generation   the generation that is reported for; another one is answered 'again'
--   p_suspicion    why the node believes that something was lost; null when it does not
--   p_leases...    one element a holding: lease (null for one that is settled), kind, year, first and
--                  last number, the highest number that was surely issued (first - 1 for none), and
--                  whether nothing above it was
-- outcome: 'accepted', 'again', 'superseded'. carved, overlapping: numbers. settled_*: those leases of
-- the report that are exact and closed, and what is known to be issued of them. Then what the coordinator says of itself,
-- with the generation that the node has reported for now.
-- Locks: grant_state, the node's row (shared), counters, leases by id.
CREATE OR REPLACE FUNCTION serial.report_holdings(
  p_boot uuid, p_generation integer, p_suspicion text, p_leases uuid[], p_kinds text[],
  p_years integer[], p_first integer[], p_last integer[], p_issued integer[], p_exact boolean[])
RETURNS TABLE (outcome text, carved integer, overlapping integer, settled_leases uuid[],
  settled_through integer[], system_identifier text, timeline integer, "position" numeric,
  generation integer, grants_open boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  s serial.grant_state;
  c record;
  v_suspicion text := p_suspicion;
  v_suspicious boolean;
  v_again boolean := false;
  v_claimed int4multirange;
  v_sure int4multirange;
  v_done record;
  v_carved integer := 0;
  v_overlapping integer := 0;
BEGIN
  PERFORM serial.demand_durable(false);
  PERFORM serial.notice_start();
  SELECT * INTO STRICT s FROM serial.grant_state FOR UPDATE;
  PERFORM FROM serial.nodes n WHERE n.node = v_node AND n.state = 'active' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'node % is not active', v_node USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT serial.boot_is_current(v_node, p_boot) OR p_generation <> s.generation THEN
    RETURN QUERY SELECT
      CASE WHEN p_generation <> s.generation THEN 'again' ELSE 'superseded' END,
      0, 0, '{}'::uuid[], '{}'::integer[], f.* FROM serial.coordinator_facts() f;
    RETURN;
  END IF;
  -- this server noticed a new timeline itself
  IF v_suspicion = 'new-timeline' AND (s.reason = 'new-timeline' OR s.synchronous_failover) THEN
    v_suspicion := NULL;
  END IF;
  v_suspicious := v_suspicion IS NOT NULL OR (coalesce(s.reason, 'start') <> 'start'
    AND NOT EXISTS (SELECT FROM serial.node_reports r
      WHERE r.node = v_node AND r.generation = s.generation));

  IF EXISTS (SELECT FROM unnest(p_kinds, p_years, p_first, p_last, p_issued)
      AS u (kind, year, first, last, issued)
    WHERE (u.year BETWEEN 2000 AND serial.running_year() + 1 AND 1 <= u.first AND u.first <= u.last
      AND u.last <= 99999 AND u.issued BETWEEN u.first - 1 AND u.last) IS NOT TRUE) THEN
    RAISE EXCEPTION 'a holding is not within 1...99999 of the years 2000...%',
      serial.running_year() + 1 USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO serial.counters (kind, year)
    SELECT DISTINCT u.kind, u.year FROM unnest(p_kinds, p_years) AS u (kind, year)
      ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  PERFORM FROM serial.counters k
    WHERE (k.kind, k.year) IN (SELECT u.kind, u.year FROM unnest(p_kinds, p_years)
      AS u (kind, year))
    ORDER BY k.kind, k.year FOR NO KEY UPDATE;
  -- every live lease, of whatever node, that it may close below: by id over all counters
  PERFORM FROM serial.leases x
    WHERE x.state = 'live' AND EXISTS (
      SELECT FROM unnest(p_kinds, p_years, p_first, p_last, p_issued, p_exact)
        AS u (kind, year, first, last, issued, exact)
      WHERE u.kind = x.kind AND u.year = x.year
        AND x.block && int4range(u.first, CASE WHEN u.exact THEN u.issued ELSE u.last END + 1))
    ORDER BY x.lease_id FOR NO KEY UPDATE;
  LOOP
    FOR c IN SELECT DISTINCT u.kind, u.year FROM unnest(p_kinds, p_years) AS u (kind, year) LOOP
      -- Of a lease that the node released, only what it kept: it may have died before it wrote that down.
      SELECT coalesce(range_agg(int4range(h.first, h.claimed + 1)), '{}'),
          coalesce(range_agg(int4range(h.first, h.issued + 1)), '{}')
        INTO v_claimed, v_sure
        FROM (
          SELECT u.first, least(u.issued, x.closed_through) AS issued,
              CASE WHEN u.exact OR NOT v_suspicious THEN least(u.issued, x.closed_through)
                ELSE least(u.last, x.closed_through) END AS claimed
            FROM unnest(p_leases, p_kinds, p_years, p_first, p_last, p_issued, p_exact)
                AS u (lease, kind, year, first, last, issued, exact)
              LEFT JOIN serial.leases x ON x.lease_id = u.lease AND x.node = v_node
                AND x.first = u.first AND x.last = u.last AND x.close_reason = 'released'
            WHERE u.kind = c.kind AND u.year = c.year) h;
      SELECT * INTO v_done
        FROM serial.carve_out(c.kind, c.year, v_node, p_boot, v_claimed,
          CASE WHEN v_again THEN '{}' ELSE v_sure END);
      v_carved := v_carved + v_done.carved;
      v_overlapping := v_overlapping + v_done.overlapping;
    END LOOP;
    EXIT WHEN v_suspicion IS NOT NULL OR v_carved + v_overlapping = 0;
    v_suspicion := 'forgotten';
    EXIT WHEN v_suspicious;
    -- Once more, for what may have been issued above that. What overlaps is said already.
    v_suspicious := true;
    v_again := true;
  END LOOP;
  -- A number that this process issued from one lease lies in another one of its own, which it had given back
  -- before this server forgot that. Of a lease that is known to be released only what it kept.
  FOR c IN SELECT u.lease, u.kind, u.year, h.numbers
    FROM unnest(p_leases, p_kinds, p_years, p_first, p_last, p_issued)
        AS u (lease, kind, year, first, last, issued)
      LEFT JOIN serial.leases r ON r.lease_id = u.lease AND r.node = v_node
        AND r.first = u.first AND r.last = u.last AND r.close_reason = 'released'
      CROSS JOIN LATERAL (SELECT int4range(u.first,
        greatest(least(u.issued, r.closed_through), u.first - 1) + 1) AS numbers) h
    WHERE NOT isempty(h.numbers) AND EXISTS (
      SELECT FROM serial.leases x WHERE x.kind = u.kind AND x.year = u.year
        AND x.block && h.numbers AND x.boot_id = p_boot AND NOT x.carved
        AND x.close_reason IS DISTINCT FROM 'released' AND x.lease_id IS DISTINCT FROM u.lease
        -- one that is settled is named no more
        AND NOT (u.lease IS NULL AND x.first = u.first AND x.last = u.last)
        AND int4range(x.first, coalesce(x.closed_through, x.committed_through) + 1) && h.numbers)
    ORDER BY u.kind, u.year, u.first
  LOOP
    PERFORM serial.keep_issued(c.kind, c.year, c.numbers, p_boot, NULL, c.lease);
  END LOOP;
  IF v_suspicion IS NOT NULL AND (s.grants_open OR s.opens_at IS NOT NULL) THEN
    PERFORM serial.close_grants(v_suspicion,
      jsonb_build_object('node', v_node, 'carved', v_carved, 'overlapping', v_overlapping));
  END IF;
  INSERT INTO serial.node_reports AS r (node, generation, boot_id)
    SELECT v_node, g.generation, p_boot FROM serial.grant_state g
    ON CONFLICT (node) DO UPDATE SET generation = excluded.generation, boot_id = excluded.boot_id,
      reported_at = clock_timestamp();
  INSERT INTO serial.events (event, node, boot_id, detail) VALUES ('reported', v_node, p_boot,
    jsonb_build_object('generation', (SELECT g.generation FROM serial.grant_state g),
      'suspicion', v_suspicion, 'holdings', coalesce(cardinality(p_leases), 0),
      'carved', v_carved, 'overlapping', v_overlapping));
  PERFORM serial.open_grants_when_reported();
  RETURN QUERY
    SELECT 'accepted'::text, v_carved, v_overlapping, coalesce(x.ids, '{}'),
        coalesce(x.throughs, '{}'), f.*
      FROM serial.coordinator_facts() f,
        (SELECT array_agg(y.lease_id ORDER BY y.lease_id) AS ids,
            -- What a process released it had not handed out, whatever it had committed. Of any other
            -- lease what is known to be issued stays so, also where it lies in a carved one.
            array_agg(CASE
              WHEN y.close_reason = 'released' AND y.first = u.first AND y.last = u.last
                THEN y.closed_through
              ELSE greatest(y.closed_through, u.issued) END ORDER BY y.lease_id) AS throughs
          FROM unnest(p_leases, p_first, p_last, p_issued, p_exact)
              AS u (lease, first, last, issued, exact)
            JOIN serial.leases y ON y.lease_id = u.lease AND y.node = v_node AND y.state = 'closed'
          -- one that is not exact stays so: a later suspicion claims the whole of it
          WHERE u.exact) x;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
