-- The allocator's tables, with the invariants of the ledger written as constraints.
--
-- LOCK ORDER. Every function of this schema takes row locks in this order and no other:
--   1. the node's row in serial.nodes        (registration: FOR NO KEY UPDATE, acquire: FOR SHARE)
--   2. serial.counters, by (kind, year)      (whatever moves numbers between free and leased)
--   3. serial.leases, by lease_id
--   4. serial.idempotency_keys, sorted
--   5. the parent, then its children
--   6. serial.boots                          (heartbeat and end of a boot, last and short)
-- A commit takes only 3 (and later 4 and 5): nodes never contend for a row when they commit. The
-- reaper takes 2 and 3 with SKIP LOCKED. Functions lock first, in a statement of their own, and
-- read the clock and the row afterwards, so that they judge what they locked.
--
-- Every number of a counter is in exactly one place:
--   free    in serial.free_ranges, or at or above counters.next_number
--   leased  above committed_through in a lease that is live
--   issued  in the part of a lease's block that is committed
--   void    in serial.void_ranges
-- A lease's block covers what it holds while it is live, and shrinks to what was issued from it
-- when it is closed; one exclusion constraint over all leases then says that no number was ever
-- in two of them.

CREATE EXTENSION IF NOT EXISTS btree_gist;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'serial_node') THEN
    CREATE ROLE serial_node NOLOGIN NOINHERIT;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- made by another database of this server at the same moment
END
$$;

CREATE TABLE serial.counters (
  kind text NOT NULL CHECK (kind IN ('job', 'target')),
  year integer NOT NULL CHECK (year BETWEEN 2000 AND 9999),
  capacity integer NOT NULL DEFAULT 99999 CHECK (capacity = 99999),
  -- the lowest number of the untouched tail; capacity + 1 when nothing of it is left
  next_number integer NOT NULL DEFAULT 1 CHECK (next_number BETWEEN 1 AND capacity + 1),
  -- issued numbers of closed leases; those of live leases are counted from the leases
  settled integer NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND capacity),
  -- numbers at the end of the counter that only an administrator may use
  reserve integer NOT NULL DEFAULT 0 CHECK (reserve BETWEEN 0 AND capacity),
  frozen boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, year)
);

CREATE TABLE serial.nodes (
  node text PRIMARY KEY CHECK (node ~ '^[a-z][a-z0-9-]{0,62}$'),
  -- the database role that this node logs in with: the only proof of who is calling
  role name NOT NULL UNIQUE,
  region text NOT NULL CHECK (region ~ '^[a-z][a-z0-9-]{0,62}$'),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retired')),
  enrolled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE serial.boots (
  boot_id uuid PRIMARY KEY,
  node text NOT NULL REFERENCES serial.nodes,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- for how long after last_seen_at the process counts as live
  ttl interval NOT NULL CHECK (ttl > interval '0'),
  ended_at timestamptz,
  CHECK (ended_at IS NULL OR ended_at >= started_at)
) WITH (fillfactor = 50);
-- One process at a time speaks for a node.
CREATE UNIQUE INDEX boots_one_current ON serial.boots (node) WHERE ended_at IS NULL;

CREATE TABLE serial.free_ranges (
  kind text NOT NULL,
  year integer NOT NULL,
  numbers int4range NOT NULL,
  FOREIGN KEY (kind, year) REFERENCES serial.counters,
  -- an empty or unbounded range has no lower or upper bound: null is not good enough
  CHECK ((lower(numbers) >= 1 AND upper(numbers) <= 100000) IS TRUE),
  -- adjacent ranges are joined, so a range touches no other: -|- is not in btree_gist, hence
  -- overlap here and adjacency in the deferred check
  EXCLUDE USING gist (kind WITH =, year WITH =, numbers WITH &&)
);

CREATE TABLE serial.leases (
  lease_id uuid PRIMARY KEY,
  kind text NOT NULL,
  year integer NOT NULL,
  node text NOT NULL REFERENCES serial.nodes,
  boot_id uuid NOT NULL REFERENCES serial.boots,
  token uuid NOT NULL,
  first integer NOT NULL,
  last integer NOT NULL,
  -- the highest number durably recorded as issued; first - 1 while there is none
  committed_through integer NOT NULL,
  -- how far the holder said it had handed out
  handed_out_through integer NOT NULL,
  -- counts commits; a commit names the one that it follows
  revision bigint NOT NULL DEFAULT 0 CHECK (revision >= 0),
  -- counts read-backs; a commit from before the latest read-back is refused
  attempt bigint NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'closed')),
  close_reason text CHECK (close_reason IN ('released', 'expired', 'superseded', 'retired')),
  -- what stays issued of a closed lease
  closed_through integer,
  -- granted for a year that an administrator named: the year is not held against the clock
  named_year boolean NOT NULL DEFAULT false,
  ttl interval NOT NULL CHECK (ttl > interval '0'),
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  recalled_at timestamptz,
  closed_at timestamptz,
  -- stored, so that a commit, which changes neither of its columns, stays a heap-only update
  block int4range NOT NULL
    GENERATED ALWAYS AS (int4range(first, coalesce(closed_through, last) + 1)) STORED,
  FOREIGN KEY (kind, year) REFERENCES serial.counters,
  CHECK (first >= 1 AND first <= last AND last <= 99999),
  CHECK (committed_through BETWEEN first - 1 AND last),
  CHECK (handed_out_through BETWEEN first - 1 AND committed_through),
  CHECK (closed_through BETWEEN handed_out_through AND committed_through),
  CHECK ((state = 'closed') = (closed_through IS NOT NULL)),
  CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
  CHECK ((state = 'closed') = (close_reason IS NOT NULL)),
  EXCLUDE USING gist (kind WITH =, year WITH =, block WITH &&)
) WITH (
  -- lease rows are updated with every commit: room for heap-only updates, vacuumed early
  fillfactor = 40, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.05
);
CREATE INDEX leases_live ON serial.leases (kind, year, lease_id) WHERE state = 'live';
CREATE INDEX leases_live_boot ON serial.leases (boot_id) WHERE state = 'live';

-- Append only: who got which numbers. A number has one line, and one more for each time that it
-- proved to have no recipient and was given to another (again).
CREATE TABLE serial.issue_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  year integer NOT NULL,
  numbers int4range NOT NULL,
  lease_id uuid NOT NULL,
  node text NOT NULL,
  boot_id uuid NOT NULL,
  subject text NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 200),
  request_id uuid NOT NULL,
  again boolean NOT NULL DEFAULT false,
  issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- an empty or unbounded range has no lower or upper bound: null is not good enough
  CHECK ((lower(numbers) >= 1 AND upper(numbers) <= 100000) IS TRUE),
  EXCLUDE USING gist (kind WITH =, year WITH =, numbers WITH &&) WHERE (NOT again)
);
CREATE INDEX issue_log_lease ON serial.issue_log (lease_id);
CREATE INDEX issue_log_again ON serial.issue_log (kind, year) WHERE again;
CREATE INDEX issue_log_time ON serial.issue_log (issued_at);

CREATE TABLE serial.void_ranges (
  kind text NOT NULL,
  year integer NOT NULL,
  numbers int4range NOT NULL,
  reason text NOT NULL CHECK (octet_length(reason) BETWEEN 1 AND 1000),
  voided_by text NOT NULL,
  voided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (kind, year) REFERENCES serial.counters,
  -- an empty or unbounded range has no lower or upper bound: null is not good enough
  CHECK ((lower(numbers) >= 1 AND upper(numbers) <= 100000) IS TRUE),
  EXCLUDE USING gist (kind WITH =, year WITH =, numbers WITH &&)
);

-- Append only: grants, expiries, releases, recalls, boots, voids, incidents.
CREATE TABLE serial.events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL CHECK (event ~ '^[a-z][a-z-]{0,62}$'),
  kind text,
  year integer,
  numbers int4range,
  lease_id uuid,
  node text,
  boot_id uuid,
  detail jsonb
);
CREATE INDEX events_time ON serial.events (at);

CREATE FUNCTION serial.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append only: % is not allowed', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER issue_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON serial.issue_log
  FOR EACH STATEMENT EXECUTE FUNCTION serial.refuse_change();
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON serial.events
  FOR EACH STATEMENT EXECUTE FUNCTION serial.refuse_change();
