-- Voids again, as 0012 has them, with the stock of numbers for rows that applications insert (0016, 0017).

-- Strikes numbers out, all or none: free ones, and issued ones of closed leases that no record carries.
-- outcome: 'done' with how many changed; 'recorded' with the lowest number that has a record; 'leased'
-- with the lowest that is in a live lease, and its node: such leases are marked recalled. Its node is
-- `database` for a number of the stock that an application's transaction is using, and for the first number
-- while one inserts rows with numbers that were issued before: nobody waits for those.
-- Locks: the counter's records, without waiting; the counter, leases by id.
CREATE OR REPLACE FUNCTION serial.void_numbers(
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
  IF NOT pg_try_advisory_xact_lock(hashtextextended(p_kind || ' ' || p_year, 7235)) THEN
    outcome := 'leased';
    number := p_first;
    node := 'database';
    RETURN;
  END IF;
  PERFORM serial.lock_counter(p_kind, p_year);
  PERFORM serial.reap_counter(p_kind, p_year);
  PERFORM serial.clear_stock(p_kind, p_year, true);
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
      AND x.node <> 'database' AND x.block && int4range(p_first, p_last + 1)
    ORDER BY x.lease_id FOR NO KEY UPDATE
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
  IF outcome IS NULL THEN
    SELECT x.first, x.node INTO number, node FROM serial.leases x
      WHERE x.kind = p_kind AND x.year = p_year AND x.state = 'live' AND x.node = 'database'
        AND v_all @> x.first ORDER BY 1 LIMIT 1;
    outcome := CASE WHEN FOUND THEN 'leased' END;
  END IF;
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

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
GRANT EXECUTE ON FUNCTION serial.void_numbers(text, integer, integer, integer, text, text)
  TO serial_node;
