-- Commit and its fenced read-back: what moves numbers from leased to issued.

-- Commits numbers of one process's leases as issued, all of them or none, and writes who got them.
-- Each lease is compared and set: token, boot, attempt, revision and committed_through must be what
-- the node believes. Nothing but the leases' own rows is locked.
--   p_leases, p_tokens, p_attempts, p_revisions, p_expected, p_through   one element a lease:
--     p_expected is committed_through as the node knows it, p_through the new one, not lower
--   p_handed   how far the node has handed out in each lease
--   p_ttl_ms   the commit renews the leases for so long
--   p_line_*   the issue log: lease, first and last number, subject, request; again = the numbers
--              were committed before, proved to have no recipient, and get one now
--   p_standby  refuse unless a synchronous standby is configured
-- Returns a row for each lease. All 'committed'; or, with nothing done, the reason for those that
-- were refused: 'unknown-lease', 'not-holder', 'stale-token', 'stale-attempt', 'unexpected',
-- 'closed', 'expired', 'year-over', 'no-standby', and 'not-tried' for the others.
-- A lease that is closed takes no new numbers; lines for what it had committed it still takes.
-- Locks: leases by id.
CREATE FUNCTION serial.commit_numbers(
  p_boot uuid, p_leases uuid[], p_tokens uuid[], p_attempts bigint[], p_revisions bigint[],
  p_expected integer[], p_through integer[], p_handed integer[], p_ttl_ms integer,
  p_line_lease uuid[], p_line_first integer[], p_line_last integer[], p_line_subject text[],
  p_line_request uuid[], p_line_again boolean[], p_standby boolean)
RETURNS TABLE (lease_id uuid, outcome text, recalled boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  v_ttl interval := make_interval(secs => p_ttl_ms / 1000.0);
  v_refused boolean := false;
  v_outcomes text[] := '{}';
  v_ids uuid[] := '{}';
  v_recalled boolean[] := '{}';
  q record;
  l serial.leases;
  v_outcome text;
  v_count integer := coalesce(cardinality(p_leases), 0);
BEGIN
  IF (p_ttl_ms BETWEEN 100 AND 3600000) IS NOT TRUE OR v_count NOT BETWEEN 1 AND 1024
    OR cardinality(p_tokens) <> v_count OR cardinality(p_attempts) <> v_count
    OR cardinality(p_revisions) <> v_count OR cardinality(p_expected) <> v_count
    OR cardinality(p_through) <> v_count OR cardinality(p_handed) <> v_count THEN
    RAISE EXCEPTION 'expected 1...1024 leases with a token, attempt, revision, bounds and hand-out each'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT serial.demand_durable(p_standby) THEN
    RETURN QUERY SELECT u, 'no-standby'::text, false FROM unnest(p_leases) AS u;
    RETURN;
  END IF;

  FOR q IN
    SELECT u.* FROM unnest(p_leases, p_tokens, p_attempts, p_revisions, p_expected, p_through,
        p_handed) AS u (lease, token, attempt, revision, expected, through, handed)
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
      WHEN l.attempt IS DISTINCT FROM q.attempt THEN 'stale-attempt'
      WHEN l.revision IS DISTINCT FROM q.revision
        OR l.committed_through IS DISTINCT FROM q.expected
        OR (q.through BETWEEN q.expected AND l.last) IS NOT TRUE
        OR (q.handed BETWEEN l.handed_out_through AND q.through) IS NOT TRUE THEN 'unexpected'
      WHEN NOT l.named_year AND l.year <> serial.running_year() THEN 'year-over'
      WHEN l.state = 'live' AND l.expires_at > clock_timestamp() THEN 'committed'
      WHEN q.through = q.expected AND serial.boot_is_current(v_node, p_boot) THEN 'committed'
      WHEN l.state <> 'live' THEN 'closed'
      ELSE 'expired' END;
    v_refused := v_refused OR v_outcome <> 'committed';
    v_ids := v_ids || q.lease;
    v_outcomes := v_outcomes || v_outcome;
    v_recalled := v_recalled || (l.recalled_at IS NOT NULL);
  END LOOP;
  IF v_refused THEN
    RETURN QUERY SELECT u.id, CASE u.o WHEN 'committed' THEN 'not-tried' ELSE u.o END, u.r
      FROM unnest(v_ids, v_outcomes, v_recalled) AS u (id, o, r);
    RETURN;
  END IF;

  UPDATE serial.leases x
    SET committed_through = u.through, handed_out_through =
          CASE WHEN x.state = 'live' THEN u.handed ELSE x.handed_out_through END,
        revision = x.revision + 1,
        expires_at = CASE WHEN x.state = 'live' AND x.expires_at > clock_timestamp()
          THEN clock_timestamp() + v_ttl ELSE x.expires_at END,
        ttl = v_ttl
    FROM unnest(p_leases, p_through, p_handed) AS u (lease, through, handed)
    WHERE x.lease_id = u.lease;

  IF EXISTS (
    SELECT FROM unnest(p_line_lease, p_line_first, p_line_last, p_line_again)
        AS n (lease, first, last, again)
      LEFT JOIN unnest(p_leases, p_expected, p_through) AS u (lease, expected, through)
        ON u.lease = n.lease
      LEFT JOIN serial.leases x ON x.lease_id = n.lease
      WHERE u.lease IS NULL OR (n.first BETWEEN x.first AND n.last) IS NOT TRUE
        -- what was given back when the lease was closed is not its own any more
        OR (n.last <= least(CASE WHEN n.again THEN u.expected ELSE u.through END,
                            coalesce(x.closed_through, x.last))) IS NOT TRUE
        OR (n.again AND NOT EXISTS (SELECT FROM serial.issue_log i
              WHERE i.lease_id = n.lease AND NOT i.again
                AND i.numbers @> int4range(n.first, n.last + 1)))
  ) THEN
    RAISE EXCEPTION 'a line of the issue log is outside of what its lease committed'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO serial.issue_log
      (kind, year, numbers, lease_id, node, boot_id, subject, request_id, again)
    SELECT x.kind, x.year, int4range(n.first, n.last + 1), n.lease, v_node, p_boot, n.subject,
        n.request, n.again
      FROM unnest(p_line_lease, p_line_first, p_line_last, p_line_subject, p_line_request,
          p_line_again) WITH ORDINALITY AS n (lease, first, last, subject, request, again, place)
        JOIN serial.leases x ON x.lease_id = n.lease
      ORDER BY n.place;

  RETURN QUERY SELECT u.id, u.o, u.r FROM unnest(v_ids, v_outcomes, v_recalled) AS u (id, o, r);
END
$$;

-- Finds out what became of a commit whose reply was lost. A write: it waits for the lost statement,
-- which holds the row, and raises attempt to p_attempts, one above that of the lost commit, which is
-- refused from now on. Its answer counts only when it is itself durable. Asked again for the same
-- attempt, or late, it changes nothing: attempt is never lowered.
-- Returns a row for each lease: 'live', 'closed', 'unknown-lease', 'not-holder', 'stale-token'.
-- Locks: leases by id.
CREATE FUNCTION serial.read_back(
  p_boot uuid, p_leases uuid[], p_tokens uuid[], p_attempts bigint[], p_standby boolean)
RETURNS TABLE (lease_id uuid, outcome text, committed_through integer, revision bigint,
  attempt bigint, recalled boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_node text := serial.calling_node();
  q record;
  l serial.leases;
BEGIN
  IF NOT serial.demand_durable(p_standby) THEN
    RAISE EXCEPTION 'no synchronous standby is configured: what is read back is not durable'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  FOR q IN SELECT u.* FROM unnest(p_leases, p_tokens, p_attempts) AS u (lease, token, attempt)
    ORDER BY u.lease
  LOOP
    -- only own rows are locked; another node's is looked at to say whose it is
    SELECT * INTO l FROM serial.leases x WHERE x.lease_id = q.lease AND x.node = v_node
      FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      SELECT * INTO l FROM serial.leases x WHERE x.lease_id = q.lease;
    END IF;
    IF l.lease_id IS NULL OR l.node <> v_node OR l.boot_id IS DISTINCT FROM p_boot
      OR l.token IS DISTINCT FROM q.token THEN
      RETURN QUERY SELECT q.lease, CASE
        WHEN l.lease_id IS NULL THEN 'unknown-lease'
        WHEN l.token IS DISTINCT FROM q.token AND l.boot_id = p_boot THEN 'stale-token'
        ELSE 'not-holder' END, NULL::integer, NULL::bigint, NULL::bigint, false;
      CONTINUE;
    END IF;
    UPDATE serial.leases x SET attempt = greatest(x.attempt, q.attempt) WHERE x.lease_id = q.lease
      RETURNING * INTO l;
    RETURN QUERY SELECT q.lease, l.state, l.committed_through, l.revision, l.attempt,
      l.recalled_at IS NOT NULL;
  END LOOP;
END
$$;
