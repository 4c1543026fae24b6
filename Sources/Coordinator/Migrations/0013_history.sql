-- What the cluster did: events by cursor, gaps, the history of issuing, and the check of everything
-- against everything; then the rights.

-- Events are paged by the transaction that wrote them. An id is given before the commit, so that a later
-- commit may show a lower one, which a reader past it would never see. Transactions below the oldest
-- one that is still running have ended: whatever is shown later has a higher transaction.
ALTER TABLE serial.events ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX events_cursor ON serial.events (transaction, id);
CREATE INDEX events_name ON serial.events (event, transaction, id);

-- Events after a place, in order; null for any event or node. Locks: none.
CREATE FUNCTION serial.list_events(
  p_transaction bigint, p_id bigint, p_limit integer, p_event text, p_node text)
RETURNS TABLE (id bigint, transaction bigint, at timestamptz, event text, kind text, year integer,
  first integer, last integer, lease_id uuid, node text, boot_id uuid, detail text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT e.id, e.transaction::text::bigint, e.at, e.event, e.kind, e.year, lower(e.numbers),
      upper(e.numbers) - 1, e.lease_id, e.node, e.boot_id, e.detail::text
    FROM serial.events e
    WHERE (e.transaction, e.id) > (p_transaction::text::xid8, p_id)
      AND e.transaction < pg_snapshot_xmin(pg_current_snapshot())
      AND (p_event IS NULL OR e.event = p_event) AND (p_node IS NULL OR e.node = p_node)
    ORDER BY e.transaction, e.id LIMIT p_limit
$$;

-- Ranges of one counter that are neither free nor recorded, above a number. Locks: none.
CREATE FUNCTION serial.counter_gaps(p_kind text, p_year integer, p_after integer, p_limit integer)
RETURNS TABLE (numbers int4range, state text, node text, lease_id uuid, subject text,
  request_id uuid, at timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_recorded int4multirange := serial.recorded_numbers(p_kind, p_year);
  v_void int4multirange;
  v_logged int4multirange;
  v_again int4multirange;
  v_other int4multirange;
BEGIN
  SELECT coalesce(range_agg(v.numbers), '{}') INTO v_void
    FROM serial.void_ranges v WHERE v.kind = p_kind AND v.year = p_year;
  SELECT coalesce(range_agg(i.numbers) FILTER (WHERE NOT i.again), '{}'),
      coalesce(range_agg(i.numbers) FILTER (WHERE i.again), '{}')
    INTO v_logged, v_again
    FROM serial.issue_log i WHERE i.kind = p_kind AND i.year = p_year;
  v_other := v_void + v_recorded;
  RETURN QUERY
    SELECT g.* FROM (
      SELECT v.numbers, 'void'::text AS state, NULL::text AS node, NULL::uuid AS lease_id,
          v.voided_by AS subject, NULL::uuid AS request_id, v.voided_at AS at, v.reason AS reason
        FROM serial.void_ranges v WHERE v.kind = p_kind AND v.year = p_year
      UNION ALL
      SELECT r, 'leased', l.node, l.lease_id, NULL, NULL, l.granted_at, NULL
        FROM serial.leases l,
          unnest(int4multirange(int4range(l.committed_through + 1, l.last + 1))) AS r
        WHERE l.kind = p_kind AND l.year = p_year AND l.state = 'live'
      UNION ALL
      -- committed, and no line says to whom
      SELECT r, CASE WHEN l.state = 'live' THEN 'committed-ahead'
            WHEN l.carved THEN 'carved' ELSE 'unacknowledged' END,
          l.node, l.lease_id, NULL, NULL, coalesce(l.closed_at, l.granted_at), NULL
        FROM serial.leases l, unnest(int4multirange(int4range(l.first,
          coalesce(l.closed_through, l.committed_through) + 1)) - v_logged - v_other) AS r
        WHERE l.kind = p_kind AND l.year = p_year
          AND coalesce(l.closed_through, l.committed_through) > p_after
          AND NOT v_logged @> int4range(l.first,
            coalesce(l.closed_through, l.committed_through) + 1)
      UNION ALL
      -- the only line of a number
      SELECT r, 'issued', i.node, i.lease_id, i.subject, i.request_id, i.issued_at, NULL
        FROM (SELECT u AS piece FROM unnest(v_logged - v_other - v_again) AS u
                WHERE upper(u) > p_after + 1 ORDER BY lower(u) LIMIT p_limit) p
          JOIN serial.issue_log i ON i.kind = p_kind AND i.year = p_year AND NOT i.again
            AND i.numbers && p.piece,
          unnest(int4multirange(i.numbers * p.piece)) AS r
      UNION ALL
      -- the last one of a number that got a recipient again
      SELECT int4range(n, n + 1), 'issued', i.node, i.lease_id, i.subject, i.request_id,
          i.issued_at, NULL
        FROM (SELECT DISTINCT ON (n) n, x.* FROM serial.issue_log x,
                generate_series(lower(x.numbers), upper(x.numbers) - 1) AS n
              WHERE x.kind = p_kind AND x.year = p_year AND x.again AND NOT v_other @> n
              ORDER BY n, x.id DESC) i
    ) g
    WHERE lower(g.numbers) > p_after ORDER BY lower(g.numbers) LIMIT p_limit;
END
$$;

-- Gaps of one counter or of all, by kind, year and number, after a place. Locks: none.
CREATE FUNCTION serial.list_gaps(
  p_kind text, p_year integer, p_after_kind text, p_after_year integer, p_after integer,
  p_limit integer)
RETURNS TABLE (kind text, year integer, first integer, last integer, state text, node text,
  lease_id uuid, subject text, request_id uuid, at timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c record;
  v_left integer := p_limit;
  v_count integer;
BEGIN
  FOR c IN
    SELECT k.kind, k.year,
        CASE WHEN (k.kind, k.year) = (p_after_kind, p_after_year) THEN p_after ELSE 0 END AS after
      FROM serial.counters k
      WHERE (p_kind IS NULL OR k.kind = p_kind) AND (p_year IS NULL OR k.year = p_year)
        AND (p_after_kind IS NULL OR (k.kind, k.year) >= (p_after_kind, p_after_year))
      ORDER BY k.kind, k.year
  LOOP
    EXIT WHEN v_left <= 0;
    RETURN QUERY
      SELECT c.kind, c.year, lower(g.numbers), upper(g.numbers) - 1, g.state, g.node, g.lease_id,
          g.subject, g.request_id, g.at, g.reason
        FROM serial.counter_gaps(c.kind, c.year, c.after, v_left) g ORDER BY lower(g.numbers);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_left := v_left - v_count;
  END LOOP;
END
$$;

-- Numbers issued by day (UTC), of the last 28 days and today. Locks: none.
CREATE FUNCTION serial.issue_history()
RETURNS TABLE (kind text, year integer, days_ago integer, numbers integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT i.kind, i.year, t.today - (i.issued_at AT TIME ZONE 'UTC')::date,
      sum(upper(i.numbers) - lower(i.numbers))::integer
    FROM serial.issue_log i, (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) t
    WHERE NOT i.again AND i.issued_at >= (t.today - 28)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3 HAVING t.today - (i.issued_at AT TIME ZONE 'UTC')::date >= 0
$$;

-- Quotas and what was used of them in this minute and year. Locks: none.
CREATE FUNCTION serial.list_quotas()
RETURNS TABLE (subject text, per_minute integer, per_year integer, used_minute integer,
  used_year integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT q.subject, q.per_minute, q.per_year,
      CASE WHEN q.minute = date_trunc('minute', clock_timestamp()) THEN q.used_minute ELSE 0 END,
      CASE WHEN q.year = serial.running_year() THEN q.used_year ELSE 0 END
    FROM serial.quotas q ORDER BY q.subject
$$;

-- Whether grants are open, and what they wait for. Locks: none.
CREATE FUNCTION serial.show_grants()
RETURNS TABLE (generation integer, grants_open boolean, reason text, closed_at timestamptz,
  opens_at timestamptz, waiting_for text[], wait_ms integer, synchronous_failover boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT s.generation, s.grants_open, s.reason, s.closed_at, s.opens_at, serial.nodes_to_report(),
      (extract(epoch FROM s.wait) * 1000)::integer, s.synchronous_failover
    FROM serial.grant_state s
$$;

-- What a crash of the holder costs at most: committed and not known to be handed out.
DROP VIEW serial.lease_status;
CREATE VIEW serial.lease_status AS
  SELECT lease_id, node, boot_id, kind, year, first, last, committed_through, handed_out_through,
    committed_through - handed_out_through AS at_risk, granted_at, expires_at, recalled_at
  FROM serial.leases WHERE state = 'live';

-- As in 0006; state is 'draining' once the running process was told to give everything back.
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
      FROM serial.leases x WHERE x.node = n.node AND x.state = 'live') l ON true;

CREATE VIEW serial.gaps AS
  SELECT * FROM serial.list_gaps(NULL, NULL, NULL, NULL, 0, 2147483647);
