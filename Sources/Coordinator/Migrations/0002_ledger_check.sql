-- The part of the partition that one table cannot see, checked when a transaction commits.

-- Raises unless the counter's numbers add up to its capacity and no number is in two places.
-- Locks: none. The caller's transaction holds the counter's row, so nothing moves meanwhile.
CREATE FUNCTION serial.assert_ledger(p_kind text, p_year integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  c serial.counters;
  v_free integer;
  v_live integer;
  v_void integer;
BEGIN
  SELECT * INTO c FROM serial.counters WHERE kind = p_kind AND year = p_year;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT coalesce(sum(upper(numbers) - lower(numbers)), 0) INTO v_free
    FROM serial.free_ranges WHERE kind = p_kind AND year = p_year;
  SELECT coalesce(sum(last - first + 1), 0) INTO v_live
    FROM serial.leases WHERE kind = p_kind AND year = p_year AND state = 'live';
  SELECT coalesce(sum(upper(numbers) - lower(numbers)), 0) INTO v_void
    FROM serial.void_ranges WHERE kind = p_kind AND year = p_year;

  IF (c.capacity + 1 - c.next_number) + v_free + v_live + c.settled + v_void <> c.capacity THEN
    RAISE EXCEPTION
      'ledger of % % does not balance: tail % + free % + in live leases % + settled % + void % is not %',
      p_kind, p_year, c.capacity + 1 - c.next_number, v_free, v_live, c.settled, v_void, c.capacity
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balances';
  END IF;

  IF EXISTS (
    SELECT FROM serial.free_ranges f JOIN serial.leases l
      ON l.kind = f.kind AND l.year = f.year AND l.block && f.numbers
    WHERE f.kind = p_kind AND f.year = p_year
  ) THEN
    RAISE EXCEPTION 'a number of % % is free and in a lease', p_kind, p_year
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ledger_free_or_leased';
  END IF;

  IF EXISTS (
    SELECT FROM serial.free_ranges f JOIN serial.void_ranges v
      ON v.kind = f.kind AND v.year = f.year AND v.numbers && f.numbers
    WHERE f.kind = p_kind AND f.year = p_year
  ) THEN
    RAISE EXCEPTION 'a number of % % is free and void', p_kind, p_year
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ledger_free_or_void';
  END IF;

  IF EXISTS (
    SELECT FROM serial.void_ranges v JOIN serial.leases l
      ON l.kind = v.kind AND l.year = v.year AND l.block && v.numbers AND l.state = 'live'
    WHERE v.kind = p_kind AND v.year = p_year
  ) THEN
    RAISE EXCEPTION 'a number of % % is void and in a live lease', p_kind, p_year
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ledger_leased_or_void';
  END IF;

  -- Nothing reaches into the tail, and what touches the tail or another free range was joined.
  IF EXISTS (SELECT FROM serial.leases WHERE kind = p_kind AND year = p_year
               AND block && int4range(c.next_number, c.capacity + 1))
    OR EXISTS (SELECT FROM serial.void_ranges WHERE kind = p_kind AND year = p_year
               AND numbers && int4range(c.next_number, c.capacity + 1))
    OR EXISTS (SELECT FROM serial.free_ranges WHERE kind = p_kind AND year = p_year
               AND upper(numbers) >= c.next_number) THEN
    RAISE EXCEPTION 'a range of % % reaches into the untouched tail from %',
      p_kind, p_year, c.next_number
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ledger_tail_untouched';
  END IF;
  IF EXISTS (SELECT FROM serial.free_ranges a JOIN serial.free_ranges b
               ON b.kind = a.kind AND b.year = a.year AND lower(b.numbers) = upper(a.numbers)
             WHERE a.kind = p_kind AND a.year = p_year) THEN
    RAISE EXCEPTION 'two free ranges of % % touch and were not joined', p_kind, p_year
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ledger_free_joined';
  END IF;
END
$$;

-- A transaction that closes a thousand leases queues thousands of checks of one counter, and at
-- commit the first of them sees what all of them would see. So a check that passed is remembered
-- until the next statement that changes one of the tables (statement_timeout does not bound what
-- runs at commit, and the counter's row stays locked meanwhile).
CREATE FUNCTION serial.forget_checks() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  PERFORM set_config('serial.checked', '', true);
  RETURN NULL;
END
$$;

CREATE FUNCTION serial.check_counter_once(p_kind text, p_year integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_mark text := format('<%s %s>', p_kind, p_year);
  v_checked text := coalesce(current_setting('serial.checked', true), '');
BEGIN
  IF strpos(v_checked, v_mark) = 0 THEN
    PERFORM serial.assert_ledger(p_kind, p_year);
    PERFORM set_config('serial.checked', v_checked || v_mark, true);
  END IF;
END
$$;

-- A deferred trigger runs with the rights of whoever commits, hence SECURITY DEFINER.
CREATE FUNCTION serial.check_ledger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM serial.check_counter_once(OLD.kind, OLD.year);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM serial.check_counter_once(NEW.kind, NEW.year);
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER counters_forget AFTER INSERT OR UPDATE OR DELETE ON serial.counters
  FOR EACH STATEMENT EXECUTE FUNCTION serial.forget_checks();
CREATE TRIGGER free_ranges_forget AFTER INSERT OR UPDATE OR DELETE ON serial.free_ranges
  FOR EACH STATEMENT EXECUTE FUNCTION serial.forget_checks();
CREATE TRIGGER leases_forget
  AFTER INSERT OR DELETE OR UPDATE OF kind, year, first, last, state, closed_through ON serial.leases
  FOR EACH STATEMENT EXECUTE FUNCTION serial.forget_checks();
CREATE TRIGGER void_ranges_forget AFTER INSERT OR UPDATE OR DELETE ON serial.void_ranges
  FOR EACH STATEMENT EXECUTE FUNCTION serial.forget_checks();

CREATE CONSTRAINT TRIGGER counters_balance
  AFTER INSERT OR DELETE OR UPDATE OF kind, year, capacity, next_number, settled ON serial.counters
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION serial.check_ledger();
CREATE CONSTRAINT TRIGGER free_ranges_balance
  AFTER INSERT OR UPDATE OR DELETE ON serial.free_ranges
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION serial.check_ledger();
-- Not on committed_through, expires_at and the other columns of a commit: a commit moves a number
-- within its own lease, which the row's own CHECKs see.
CREATE CONSTRAINT TRIGGER leases_balance
  AFTER INSERT OR DELETE OR UPDATE OF kind, year, first, last, state, closed_through ON serial.leases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION serial.check_ledger();
CREATE CONSTRAINT TRIGGER void_ranges_balance
  AFTER INSERT OR UPDATE OR DELETE ON serial.void_ranges
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION serial.check_ledger();
