-- A node that died between the release of a lease and writing down what came back of it remembers
-- more of that lease than it issued. Its next process was told how much stays issued, and kept the
-- larger number of the two: in a later report, when its journal had joined that lease with others, numbers
-- that had come back were claimed, and carved out of the free pool.
--
-- From here on the coordinator says what is known to be issued.

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
