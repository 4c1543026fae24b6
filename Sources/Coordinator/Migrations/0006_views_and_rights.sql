-- What the cluster holds, as views and one function; enrolling nodes; the rights of a node's role.

-- One row for each counter: issued + leased + free + void = capacity, at every commit.
CREATE VIEW serial.ledger AS
  SELECT c.kind, c.year, c.capacity,
    c.settled + coalesce(l.issued, 0) AS issued,
    coalesce(l.leased, 0) AS leased,
    c.capacity + 1 - c.next_number + coalesce(f.free, 0) AS free,
    coalesce(v.void, 0) AS void,
    c.reserve, c.frozen
  FROM serial.counters c
  LEFT JOIN LATERAL (
    SELECT sum(x.committed_through - x.first + 1)::integer AS issued,
      sum(x.last - x.committed_through)::integer AS leased
      FROM serial.leases x WHERE x.kind = c.kind AND x.year = c.year AND x.state = 'live') l ON true
  LEFT JOIN LATERAL (
    SELECT sum(upper(x.numbers) - lower(x.numbers))::integer AS free
      FROM serial.free_ranges x WHERE x.kind = c.kind AND x.year = c.year) f ON true
  LEFT JOIN LATERAL (
    SELECT sum(upper(x.numbers) - lower(x.numbers))::integer AS void
      FROM serial.void_ranges x WHERE x.kind = c.kind AND x.year = c.year) v ON true;

-- Live leases. Tokens are shown to nobody.
CREATE VIEW serial.lease_status AS
  SELECT lease_id, node, boot_id, kind, year, first, last, committed_through, handed_out_through,
    granted_at, expires_at, recalled_at
  FROM serial.leases WHERE state = 'live';

CREATE VIEW serial.node_status AS
  SELECT n.node, n.region, n.state, b.boot_id, b.started_at, b.last_seen_at,
    coalesce(b.last_seen_at + b.ttl > clock_timestamp(), false) AS live,
    coalesce(l.leases, 0) AS leases, coalesce(l.numbers, 0) AS leased_numbers
  FROM serial.nodes n
  LEFT JOIN serial.boots b ON b.node = n.node AND b.ended_at IS NULL
  LEFT JOIN LATERAL (
    SELECT count(*)::integer AS leases, sum(x.last - x.committed_through)::integer AS numbers
      FROM serial.leases x WHERE x.node = n.node AND x.state = 'live') l ON true;

-- Where one number is: state and, for an issued one, who got it (its last line in the issue log).
-- Locks: none.
CREATE FUNCTION serial.locate_number(p_kind text, p_year integer, p_number integer)
RETURNS TABLE (state text, node text, subject text, request_id uuid, issued_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  l serial.leases;
BEGIN
  IF p_number NOT BETWEEN 1 AND 99999 THEN
    RAISE EXCEPTION 'number % is not within 1...99999', p_number
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT * INTO l FROM serial.leases x
    WHERE x.kind = p_kind AND x.year = p_year AND x.block @> p_number;
  IF EXISTS (SELECT FROM serial.void_ranges v
               WHERE v.kind = p_kind AND v.year = p_year AND v.numbers @> p_number) THEN
    RETURN QUERY SELECT 'void'::text, NULL::text, NULL::text, NULL::uuid, NULL::timestamptz;
  ELSIF l.lease_id IS NULL THEN
    RETURN QUERY SELECT 'free'::text, NULL::text, NULL::text, NULL::uuid, NULL::timestamptz;
  ELSIF p_number > l.committed_through THEN
    RETURN QUERY SELECT 'leased'::text, l.node, NULL::text, NULL::uuid, NULL::timestamptz;
  ELSE
    RETURN QUERY
      SELECT 'issued'::text, coalesce(i.node, l.node), i.subject, i.request_id, i.issued_at
        FROM (SELECT 1) one LEFT JOIN LATERAL (
          SELECT * FROM serial.issue_log x
            WHERE x.kind = p_kind AND x.year = p_year AND x.numbers @> p_number
              AND x.lease_id = l.lease_id
            ORDER BY x.id DESC LIMIT 1) i ON true;
  END IF;
END
$$;

-- The highest migration that was applied.
CREATE FUNCTION serial.schema_version() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT coalesce(max(version), 0) FROM serial.migrations
$$;

-- Enrols a node: a role of the node's name that logs in with its certificate, and nothing but the
-- right to call the node's functions. Called by an administrator. Idempotent; a node that is
-- enrolled in another region is an error.
CREATE FUNCTION serial.enroll_node(p_node text, p_region text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_region text;
BEGIN
  SELECT region INTO v_region FROM serial.nodes WHERE node = p_node;
  IF v_region <> p_region THEN
    RAISE EXCEPTION 'node % is enrolled in region %, not %', p_node, v_region, p_region
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  -- also for a node that is enrolled: a restored database may come to a server without its roles
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = p_node) THEN
    EXECUTE format('CREATE ROLE %I LOGIN INHERIT', p_node);
  ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = p_node
                  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication))
  THEN
    RAISE EXCEPTION 'role % exists and has more rights than a node may have', p_node
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF NOT pg_has_role(p_node, 'serial_node', 'MEMBER') THEN
    EXECUTE format('GRANT serial_node TO %I', p_node);
  END IF;
  IF v_region IS NOT NULL THEN
    RETURN 'already';
  END IF;
  INSERT INTO serial.nodes (node, role, region) VALUES (p_node, p_node, p_region);
  INSERT INTO serial.events (event, node, detail)
    VALUES ('enrolled', p_node, jsonb_build_object('region', p_region, 'by', session_user));
  RETURN 'enrolled';
END
$$;

REVOKE ALL ON SCHEMA serial FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA serial FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;

GRANT USAGE ON SCHEMA serial TO serial_node;
GRANT SELECT ON serial.ledger, serial.lease_status, serial.node_status TO serial_node;
GRANT EXECUTE ON FUNCTION
  serial.register_boot(uuid, integer),
  serial.acquire_blocks(uuid, text, integer, integer, integer, integer, uuid[], uuid[], boolean),
  serial.renew_leases(uuid, uuid[], uuid[], integer),
  serial.release_leases(uuid, uuid[], uuid[], integer[]),
  serial.reap_expired(),
  serial.commit_numbers(uuid, uuid[], uuid[], bigint[], bigint[], integer[], integer[], integer[],
    integer, uuid[], integer[], integer[], text[], uuid[], boolean[], boolean),
  serial.read_back(uuid, uuid[], uuid[], bigint[], boolean),
  serial.locate_number(text, integer, integer),
  serial.schema_version(),
  serial.running_year()
TO serial_node;
