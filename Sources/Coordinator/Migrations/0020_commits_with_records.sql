-- Commit again, as 0010 has it, with records (0018): their rows are inserted in the transaction that makes
-- their numbers issued. A request whose rows are bad is refused alone; a number that an application's row
-- carries already is said, and handed to nobody.

DROP FUNCTION serial.commit_numbers(uuid, uuid[], uuid[], bigint[], bigint[], integer[], integer[],
  integer[], integer, uuid[], integer[], integer[], text[], uuid[], boolean[], boolean[], boolean, uuid[],
  text[], text[], text[], text[]);

-- Commits numbers of one process's leases as issued, all of them or none, and writes who got them.
-- Each lease is compared and set: token, boot, attempt, revision and committed_through must be what
-- the node believes.
--   p_leases, p_tokens, p_attempts, p_revisions, p_expected, p_through   one element a lease:
--     p_expected is committed_through as the node knows it, p_through the new one, not lower
--   p_handed   how far the node has handed out in each lease
--   p_ttl_ms   the commit renews the leases for so long
--   p_line_*   the issue log: lease, first and last number, subject, request; again = the numbers
--              were committed before, proved to have no recipient, and get one now; delivered = they
--              were committed ahead and are in the caller's hands: a report, which nothing refuses
--   p_standby  refuse unless a synchronous standby is configured
--   p_key_*    the idempotency keys of requests that have lines
--   p_record_* the rows of requests that have lines: JSON objects, one for each number of a request, in
--              ascending order of its numbers
-- Returns a row for each lease: all 'committed', or, with nothing done, the reason for those that were
-- refused: 'unknown-lease', 'not-holder', 'stale-token', 'stale-attempt', 'unexpected', 'closed',
-- 'expired', 'year-over', 'frozen', 'no-standby', and 'not-tried' for the others. When all leases are
-- good, requests may be refused, and nothing is done: a row without a lease for each, 'key-taken',
-- 'quota-exceeded' or 'record-refused', with the request, the milliseconds until it may succeed, and what
-- is wrong with its row; and a row 'number-recorded' for each number of an again line, or of a request with
-- rows, that a record carries already.
-- A lease that is closed takes no new numbers; lines for what it had committed it still takes.
-- Locks: leases by id, quotas, keys; serials of again lines and users that rows name, without waiting for
-- who inserts one.
CREATE FUNCTION serial.commit_numbers(
  p_boot uuid, p_leases uuid[], p_tokens uuid[], p_attempts bigint[], p_revisions bigint[],
  p_expected integer[], p_through integer[], p_handed integer[], p_ttl_ms integer,
  p_line_lease uuid[], p_line_first integer[], p_line_last integer[], p_line_subject text[],
  p_line_request uuid[], p_line_again boolean[], p_line_delivered boolean[], p_standby boolean,
  p_key_request uuid[], p_key_subject text[], p_key_route text[], p_key_key text[],
  p_key_hash text[], p_record_request uuid[], p_record_row text[])
RETURNS TABLE (lease_id uuid, outcome text, recalled boolean, request_id uuid, retry_ms integer,
  number integer, detail text)
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
  v_reports boolean;
  v_count integer := coalesce(cardinality(p_leases), 0);
  v_keys integer := coalesce(cardinality(p_key_request), 0);
  v_requests uuid[];
  v_subjects text[];
  v_numbers integer[];
  v_delivered boolean[];
  v_records integer := coalesce(cardinality(p_record_row), 0);
BEGIN
  IF (p_ttl_ms BETWEEN 100 AND 3600000) IS NOT TRUE OR v_count NOT BETWEEN 1 AND 1024
    OR cardinality(p_tokens) <> v_count OR cardinality(p_attempts) <> v_count
    OR cardinality(p_revisions) <> v_count OR cardinality(p_expected) <> v_count
    OR cardinality(p_through) <> v_count OR cardinality(p_handed) <> v_count THEN
    RAISE EXCEPTION 'expected 1...1024 leases with a token, attempt, revision, bounds and hand-out each'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT serial.demand_durable(p_standby) THEN
    RETURN QUERY SELECT u, 'no-standby'::text, false, NULL::uuid, NULL::integer, NULL::integer, NULL::text
      FROM unnest(p_leases) AS u;
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
    v_reports := q.through = q.expected AND NOT EXISTS (
      SELECT FROM unnest(p_line_lease, p_line_delivered) AS n (lease, delivered)
        WHERE n.lease = q.lease AND NOT n.delivered);
    v_outcome := CASE
      WHEN l.lease_id IS NULL THEN 'unknown-lease'
      WHEN l.node <> v_node OR l.boot_id IS DISTINCT FROM p_boot THEN 'not-holder'
      WHEN l.token IS DISTINCT FROM q.token THEN 'stale-token'
      WHEN l.attempt IS DISTINCT FROM q.attempt THEN 'stale-attempt'
      WHEN l.revision IS DISTINCT FROM q.revision
        OR l.committed_through IS DISTINCT FROM q.expected
        OR (q.through BETWEEN q.expected AND l.last) IS NOT TRUE
        OR (q.handed BETWEEN l.handed_out_through AND q.through) IS NOT TRUE THEN 'unexpected'
      WHEN NOT v_reports AND NOT l.named_year AND l.year <> serial.running_year() THEN 'year-over'
      WHEN NOT v_reports AND (SELECT c.frozen FROM serial.counters c
        WHERE c.kind = l.kind AND c.year = l.year) THEN 'frozen'
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
    RETURN QUERY SELECT u.id, CASE u.o WHEN 'committed' THEN 'not-tried' ELSE u.o END, u.r,
        NULL::uuid, NULL::integer, NULL::integer, NULL::text
      FROM unnest(v_ids, v_outcomes, v_recalled) AS u (id, o, r);
    RETURN;
  END IF;

  SELECT array_agg(n.request ORDER BY n.place), array_agg(n.subject ORDER BY n.place),
      array_agg(n.numbers ORDER BY n.place), array_agg(n.delivered ORDER BY n.place)
    INTO v_requests, v_subjects, v_numbers, v_delivered
    FROM (SELECT u.request, u.subject, u.delivered, min(u.place) AS place,
              sum(u.last - u.first + 1)::integer AS numbers
            FROM unnest(p_line_request, p_line_subject, p_line_first, p_line_last,
                p_line_delivered) WITH ORDINALITY
              AS u (request, subject, first, last, delivered, place)
            GROUP BY 1, 2, 3) n;
  RETURN QUERY
    WITH taken AS MATERIALIZED (
      SELECT t.request FROM serial.taken_keys(p_key_request, p_key_subject, p_key_route,
        p_key_key) t WHERE v_keys > 0)
    SELECT NULL::uuid, 'key-taken'::text, false, t.request, 0, NULL::integer, NULL::text FROM taken t;
  v_refused := FOUND;
  IF NOT v_refused THEN
    RETURN QUERY SELECT NULL::uuid, 'quota-exceeded'::text, false, o.request, o.retry_ms,
        NULL::integer, NULL::text
      FROM serial.over_quota(v_requests, v_subjects, v_numbers, v_delivered) o;
    v_refused := FOUND;
  END IF;
  IF v_refused THEN
    RETURN QUERY SELECT u.id, 'not-tried'::text, u.r, NULL::uuid, NULL::integer, NULL::integer, NULL::text
      FROM unnest(v_ids, v_recalled) AS u (id, r);
    RETURN;
  END IF;

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
  IF v_records > 0 OR true = ANY (p_line_again) THEN
    RETURN QUERY SELECT p.lease, CASE WHEN p.lease IS NULL THEN 'record-refused' ELSE 'number-recorded' END,
        false, p.request, 0, p.number, p.detail
      FROM serial.put_records(p_line_lease, p_line_first, p_line_last, p_line_request, p_line_again,
        p_record_request, p_record_row) p;
    IF FOUND THEN
      RETURN QUERY SELECT u.id, 'not-tried'::text, u.r, NULL::uuid, NULL::integer, NULL::integer, NULL::text
        FROM unnest(v_ids, v_recalled) AS u (id, r);
      RETURN;
    END IF;
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

  PERFORM serial.count_use(p_line_subject, array(
    SELECT n.last - n.first + 1 FROM unnest(p_line_first, p_line_last)
      WITH ORDINALITY AS n (first, last, place) ORDER BY n.place))
    WHERE EXISTS (SELECT FROM serial.quotas x WHERE x.subject = ANY (p_line_subject));
  INSERT INTO serial.issue_log
      (kind, year, numbers, lease_id, node, boot_id, subject, request_id, again)
    SELECT x.kind, x.year, int4range(n.first, n.last + 1), n.lease, v_node, p_boot, n.subject,
        n.request, n.again
      FROM unnest(p_line_lease, p_line_first, p_line_last, p_line_subject, p_line_request,
          p_line_again) WITH ORDINALITY AS n (lease, first, last, subject, request, again, place)
        JOIN serial.leases x ON x.lease_id = n.lease
      ORDER BY n.place;
  IF v_keys > 0 THEN
    IF EXISTS (SELECT FROM unnest(p_key_request) AS k (request)
        WHERE k.request <> ALL (v_requests)) OR v_requests IS NULL THEN
      RAISE EXCEPTION 'an idempotency key is of a request without lines'
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO serial.idempotency_keys AS k
        (subject, route, key, request_hash, kind, year, numbers, request_id, node)
      SELECT u.subject, u.route, u.key, u.hash, n.kind, n.year, n.numbers, u.request, v_node
        FROM unnest(p_key_request, p_key_subject, p_key_route, p_key_key, p_key_hash)
            AS u (request, subject, route, key, hash)
          JOIN (SELECT y.request, x.kind, x.year, range_agg(int4range(y.first, y.last + 1)) AS numbers
                  FROM unnest(p_line_lease, p_line_request, p_line_first, p_line_last)
                      AS y (lease, request, first, last)
                    JOIN serial.leases x ON x.lease_id = y.lease
                  GROUP BY 1, 2, 3) n ON n.request = u.request
        ORDER BY u.subject, u.route, u.key
      -- one that is older than its life: taken_keys has seen to it
      ON CONFLICT (subject, route, key) DO UPDATE SET request_hash = excluded.request_hash,
        kind = excluded.kind, year = excluded.year, numbers = excluded.numbers,
        request_id = excluded.request_id, node = excluded.node, replays = 0,
        created_at = clock_timestamp()
        WHERE k.created_at <= clock_timestamp() - serial.key_life();
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> v_keys THEN
      RAISE EXCEPTION '% of % idempotency keys could be taken', v_count, v_keys
        USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;

  RETURN QUERY SELECT u.id, u.o, u.r, NULL::uuid, NULL::integer, NULL::integer, NULL::text
    FROM unnest(v_ids, v_outcomes, v_recalled) AS u (id, o, r);
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
  serial.commit_numbers(uuid, uuid[], uuid[], bigint[], bigint[], integer[], integer[], integer[],
    integer, uuid[], integer[], integer[], text[], uuid[], boolean[], boolean[], boolean, uuid[],
    text[], text[], text[], text[], uuid[], text[])
TO serial_node;
