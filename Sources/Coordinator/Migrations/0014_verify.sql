-- Holds ledger, issue log, leases, keys and records against each other: what the constraints say, said
-- once more without them, and what they cannot see.

-- A row for each disagreement; none when all agree. first and last are null where it is about a sum.
-- Locks: none; one snapshot.
CREATE FUNCTION serial.verify()
RETURNS TABLE ("check" text, kind text, year integer, first integer, last integer, detail text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  WITH
  -- every range of every place, each as the place itself says
  places AS (
    SELECT f.kind, f.year, f.numbers, 'free' AS place FROM serial.free_ranges f
    UNION ALL
    SELECT c.kind, c.year, int4range(c.next_number, c.capacity + 1), 'free' FROM serial.counters c
      WHERE c.next_number <= c.capacity
    UNION ALL
    SELECT l.kind, l.year, int4range(l.committed_through + 1, l.last + 1), 'leased'
      FROM serial.leases l WHERE l.state = 'live' AND l.committed_through < l.last
    UNION ALL
    SELECT l.kind, l.year, int4range(l.first, coalesce(l.closed_through, l.committed_through) + 1),
        'issued'
      FROM serial.leases l WHERE coalesce(l.closed_through, l.committed_through) >= l.first
    UNION ALL
    SELECT v.kind, v.year, v.numbers, 'void' FROM serial.void_ranges v),
  merged AS (
    SELECT p.kind, p.year,
      coalesce(range_agg(p.numbers) FILTER (WHERE p.place = 'free'), '{}') AS free,
      coalesce(range_agg(p.numbers) FILTER (WHERE p.place = 'leased'), '{}') AS leased,
      coalesce(range_agg(p.numbers) FILTER (WHERE p.place = 'issued'), '{}') AS issued,
      coalesce(range_agg(p.numbers) FILTER (WHERE p.place = 'void'), '{}') AS void
    FROM places p GROUP BY 1, 2),
  -- within one place, ranges must not overlap: neighbours in order tell
  ordered AS (
    SELECT p.*, lag(p.numbers) OVER (PARTITION BY p.kind, p.year, p.place
      ORDER BY lower(p.numbers), upper(p.numbers)) AS before FROM places p),
  logged AS (
    SELECT i.kind, i.year, coalesce(range_agg(i.numbers) FILTER (WHERE NOT i.again), '{}') AS once,
      coalesce(range_agg(i.numbers) FILTER (WHERE i.again), '{}') AS again
    FROM serial.issue_log i GROUP BY 1, 2),
  lines AS (
    SELECT i.*, lag(i.numbers) OVER (PARTITION BY i.kind, i.year
      ORDER BY lower(i.numbers), upper(i.numbers)) AS before
    FROM serial.issue_log i WHERE NOT i.again),
  found AS (
    SELECT 'twice-in-' || o.place AS name, o.kind, o.year,
        int4multirange(o.numbers * o.before) AS numbers,
        'two ranges of the same place overlap' AS detail
      FROM ordered o WHERE o.numbers && o.before
    UNION ALL
    SELECT 'free-and-held', m.kind, m.year, m.free * (m.leased + m.issued + m.void),
        'free, and leased, issued or void as well' FROM merged m
    UNION ALL
    SELECT 'leased-and-used', m.kind, m.year, m.leased * (m.issued + m.void),
        'in the uncommitted part of a live lease, and issued or void as well' FROM merged m
    UNION ALL
    SELECT 'nowhere', m.kind, m.year,
        int4multirange(int4range(1, 100000)) - m.free - m.leased - m.issued - m.void,
        'neither free nor leased nor issued nor void' FROM merged m
    UNION ALL
    SELECT 'line-not-issued', g.kind, g.year, g.once - coalesce(m.issued, '{}'),
        'has a line in the issue log and is not issued'
      FROM logged g LEFT JOIN merged m USING (kind, year)
    UNION ALL
    SELECT 'two-lines', n.kind, n.year, int4multirange(n.numbers * n.before),
        'has two first lines in the issue log' FROM lines n WHERE n.numbers && n.before
    UNION ALL
    SELECT 'issued-twice', o.kind, o.year, int4multirange(o.numbers),
        format('%s issued it, and it was granted to another node after that was forgotten', o.node)
      FROM serial.overlaps o
    UNION ALL
    SELECT 'again-without-line', g.kind, g.year, g.again - g.once,
        'was given to another recipient without a first one' FROM logged g
    UNION ALL
    SELECT 'line-of-another-lease', i.kind, i.year, int4multirange(i.numbers),
        'the lease of the line, ' || i.lease_id || ', does not cover it'
      FROM serial.issue_log i LEFT JOIN serial.leases l USING (lease_id)
      WHERE (l.kind = i.kind AND l.year = i.year AND l.node = i.node AND l.boot_id = i.boot_id
        AND int4range(l.first, coalesce(l.closed_through, l.committed_through) + 1) @> i.numbers)
        IS NOT TRUE
    UNION ALL
    SELECT 'key-without-line', k.kind, k.year, k.numbers,
        format('the idempotency key %s of %s has numbers without lines of its request', k.key,
          k.subject)
      FROM serial.idempotency_keys k
      WHERE NOT coalesce((SELECT range_agg(i.numbers) FROM serial.issue_log i
        WHERE i.kind = k.kind AND i.year = k.year AND i.numbers && range_merge(k.numbers)
          AND i.request_id = k.request_id AND i.subject = k.subject), '{}') @> k.numbers
    UNION ALL
    SELECT 'record-not-issued', m.kind, m.year,
        serial.recorded_numbers(m.kind, m.year) - (m.issued - m.void),
        'a record carries it and it is not issued' FROM merged m)
  SELECT f.name, f.kind, f.year, lower(r), upper(r) - 1, f.detail
    FROM found f, unnest(f.numbers) AS r
  UNION ALL
  SELECT 'sum', w.kind, w.year, NULL, NULL, format(
      'issued %s + leased %s + free %s + void %s is not %s', w.issued, w.leased, w.free, w.void,
      w.capacity)
    FROM serial.ledger w WHERE w.issued + w.leased + w.free + w.void <> w.capacity
  UNION ALL
  SELECT 'settled', c.kind, c.year, NULL, NULL,
      format('%s numbers of closed leases are counted, %s are there', c.settled, x.numbers)
    FROM serial.counters c CROSS JOIN LATERAL (
      SELECT coalesce(sum(upper(u) - lower(u)), 0) AS numbers FROM unnest(
        coalesce((SELECT range_agg(l.block) FROM serial.leases l
          WHERE l.kind = c.kind AND l.year = c.year AND l.state = 'closed'), '{}')
        - coalesce((SELECT range_agg(v.numbers) FROM serial.void_ranges v
          WHERE v.kind = c.kind AND v.year = c.year), '{}')) AS u) x
    WHERE c.settled <> x.numbers
  UNION ALL
  SELECT 'lease-of-ended-process', l.kind, l.year, l.first, l.last,
      format('lease %s is live and its process %s ended', l.lease_id, l.boot_id)
    FROM serial.leases l JOIN serial.boots b USING (boot_id)
    WHERE l.state = 'live' AND b.ended_at IS NOT NULL
  UNION ALL
  SELECT 'counter-missing', l.kind, l.year, NULL, NULL, 'the issue log has lines of it'
    FROM logged l WHERE NOT EXISTS (SELECT FROM serial.counters c
      WHERE c.kind = l.kind AND c.year = l.year)
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA serial FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;

GRANT SELECT ON serial.lease_status TO serial_node;
GRANT EXECUTE ON FUNCTION
  serial.register_boot(uuid, integer),
  serial.acquire_blocks(uuid, text, integer, integer, integer, integer, uuid[], uuid[], boolean,
    boolean),
  serial.renew_leases(uuid, uuid[], uuid[], integer),
  serial.release_leases(uuid, uuid[], uuid[], integer[]),
  serial.commit_numbers(uuid, uuid[], uuid[], bigint[], bigint[], integer[], integer[], integer[],
    integer, uuid[], integer[], integer[], text[], uuid[], boolean[], boolean[], boolean, uuid[],
    text[], text[], text[], text[]),
  serial.resolve_keys(text[], text[], text[], text[]),
  serial.sweep_keys(),
  serial.report_holdings(uuid, integer, text, uuid[], text[], integer[], integer[], integer[],
    integer[], boolean[]),
  serial.void_numbers(text, integer, integer, integer, text, text),
  serial.unvoid_numbers(text, integer, integer, integer, text, text),
  serial.set_frozen(text, integer, boolean, text, text),
  serial.set_reserve(text, integer, integer, text),
  serial.set_quota(text, integer, integer, text),
  serial.drain_node(text, text),
  serial.retire_node(text, text, text),
  serial.recover_grants(text, text),
  serial.set_recovery(integer, boolean, text),
  serial.list_events(bigint, bigint, integer, text, text),
  serial.list_gaps(text, integer, text, integer, integer, integer),
  serial.issue_history(),
  serial.list_quotas(),
  serial.show_grants(),
  serial.verify()
TO serial_node;
