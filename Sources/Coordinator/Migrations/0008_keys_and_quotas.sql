-- Idempotency keys and quotas: what a request leaves behind beside its numbers.

-- A key belongs to one request of one subject on one route for 24 hours, and is written in the
-- transaction that commits the request's numbers. Each of those has a line in the issue log, so a
-- release gives none of them back.
CREATE TABLE serial.idempotency_keys (
  subject text NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 200),
  route text NOT NULL CHECK (octet_length(route) BETWEEN 1 AND 200),
  key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 200),
  request_hash text NOT NULL CHECK (octet_length(request_hash) BETWEEN 1 AND 200),
  kind text NOT NULL CHECK (kind IN ('job', 'target')),
  year integer NOT NULL CHECK (year BETWEEN 2000 AND 9999),
  numbers int4multirange NOT NULL
    CHECK ((lower(numbers) >= 1 AND upper(numbers) <= 100000) IS TRUE),
  request_id uuid NOT NULL,
  node text NOT NULL,
  -- how often its answer was given again: the write that makes such an answer durable
  replays integer NOT NULL DEFAULT 0 CHECK (replays >= 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (subject, route, key)
) WITH (fillfactor = 80);
CREATE INDEX idempotency_keys_time ON serial.idempotency_keys (created_at);

-- What a subject may use up: numbers a UTC minute, numbers a UTC year.
CREATE TABLE serial.quotas (
  subject text PRIMARY KEY CHECK (octet_length(subject) BETWEEN 1 AND 200),
  per_minute integer CHECK (per_minute BETWEEN 1 AND 1000000),
  per_year integer CHECK (per_year BETWEEN 1 AND 1000000),
  -- the minute and the year that are counted, and what was used of each
  minute timestamptz NOT NULL,
  used_minute integer NOT NULL DEFAULT 0 CHECK (used_minute >= 0),
  year integer NOT NULL,
  used_year integer NOT NULL DEFAULT 0 CHECK (used_year >= 0),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (per_minute IS NOT NULL OR per_year IS NOT NULL)
) WITH (fillfactor = 50);
-- Counts what a subject used before it got a quota.
CREATE INDEX issue_log_subject ON serial.issue_log (subject, issued_at);

-- How long a key is remembered.
CREATE FUNCTION serial.key_life() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT interval '24 hours'
$$;

-- What became of keys. A row for each element, in the order asked: 'unused', 'used' with the numbers as
-- ascending blocks, or 'reused' when the key was taken by another request. An answer 'used' is written
-- down, so that it waits for the standby: what is only read may be lost with this server.
-- Locks: keys, sorted.
CREATE FUNCTION serial.resolve_keys(
  p_subjects text[], p_routes text[], p_keys text[], p_hashes text[])
RETURNS TABLE (place integer, outcome text, kind text, year integer, firsts integer[],
  lasts integer[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
#variable_conflict use_column
DECLARE
  q record;
  k serial.idempotency_keys;
BEGIN
  PERFORM serial.calling_node();
  IF coalesce(cardinality(p_keys), 0) NOT BETWEEN 1 AND 1024
    OR cardinality(p_subjects) <> cardinality(p_keys)
    OR cardinality(p_routes) <> cardinality(p_keys)
    OR cardinality(p_hashes) <> cardinality(p_keys) THEN
    RAISE EXCEPTION 'expected 1...1024 keys with subject, route and hash each'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM serial.demand_durable(false);
  FOR q IN
    SELECT u.subject, u.route, u.key, u.hash, array_agg(u.place::integer) AS places
      FROM unnest(p_subjects, p_routes, p_keys, p_hashes)
        WITH ORDINALITY AS u (subject, route, key, hash, place)
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  LOOP
    UPDATE serial.idempotency_keys x SET replays = x.replays + 1
      WHERE x.subject = q.subject AND x.route = q.route AND x.key = q.key
        AND x.created_at > clock_timestamp() - serial.key_life()
      RETURNING * INTO k;
    RETURN QUERY SELECT p, CASE
        WHEN k.key IS NULL THEN 'unused'
        WHEN k.request_hash = q.hash THEN 'used'
        ELSE 'reused' END,
      k.kind, k.year,
      (SELECT array_agg(lower(r) ORDER BY lower(r)) FROM unnest(k.numbers) AS r),
      (SELECT array_agg(upper(r) - 1 ORDER BY lower(r)) FROM unnest(k.numbers) AS r)
      FROM unnest(q.places) AS p;
  END LOOP;
END
$$;

-- Removes keys whose time is over, at most 1,000 at once. Returns how many. Locks: keys, skip locked.
CREATE FUNCTION serial.sweep_keys() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  PERFORM serial.calling_node();
  DELETE FROM serial.idempotency_keys x USING (
      SELECT subject, route, key FROM serial.idempotency_keys
        WHERE created_at <= clock_timestamp() - serial.key_life()
        ORDER BY subject, route, key LIMIT 1000 FOR UPDATE SKIP LOCKED) old
    WHERE x.subject = old.subject AND x.route = old.route AND x.key = old.key;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END
$$;
