-- Executions and target results, written by the nodes: creating an execution with its branches, changing
-- results.
--
-- LOCK ORDER, continued from 0001: 4. the idempotency key (advisory), 5. the job's row, then the
-- execution's, then branches by id; all FOR NO KEY UPDATE, so that rows which refer to them may be
-- inserted meanwhile.
--
-- The tables may be those of an existing installation: types of columns are never named (a literal takes
-- the type of the column that it stands beside), and columns that are unknown here keep their defaults.
-- A call whose answer is not written down anywhere has still locked a row, which is a write: the
-- transaction waits for its standby like any other.

-- What each of these calls begins with: who calls, and a transaction that waits for its standby. False while
-- the tables are those of an installation that was not migrated. Locks: none.
CREATE FUNCTION serial.begin_writing() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  PERFORM serial.calling_node();
  PERFORM serial.demand_durable(false);
  RETURN serial.registry_state() = 'ready';
END
$$;

-- Whether nothing of a record with this status changes any more.
CREATE FUNCTION serial.is_final(p_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, serial, pg_temp AS $$
  SELECT p_status IN ('completed', 'failed', 'cancelled')
$$;

-- What a status and times that were asked for come to, for a branch or execution that is not final. outcome:
-- 'change' with status, started_at and completed_at as they shall be, 'invalid-transition', or
-- 'invalid-times' with the reason as detail. Times that nobody gave are this server's, and never run
-- backwards. Locks: none.
CREATE FUNCTION serial.judge_change(
  p_was text, p_was_started timestamptz, p_was_completed timestamptz, p_status text,
  p_started timestamptz, p_completed timestamptz,
  OUT outcome text, OUT status text, OUT started_at timestamptz, OUT completed_at timestamptz,
  OUT detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_form text := 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
BEGIN
  status := coalesce(p_status, p_was);
  IF status NOT IN ('scheduled', 'running', 'completed', 'failed', 'cancelled') THEN
    RAISE EXCEPTION '% is not a status', status USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF p_was = 'running' AND status = 'scheduled' THEN
    outcome := 'invalid-transition';
    RETURN;
  END IF;
  outcome := 'invalid-times';
  IF p_started IS NOT NULL AND status = 'scheduled' THEN
    detail := 'started_at is given, and the status is scheduled';
    RETURN;
  ELSIF p_completed IS NOT NULL AND NOT serial.is_final(status) THEN
    detail := format('completed_at is given, and the status is %s', status);
    RETURN;
  END IF;
  started_at := coalesce(p_started, p_was_started,
    CASE WHEN p_was = 'scheduled' AND status <> 'scheduled' THEN least(v_now, p_completed) END);
  completed_at := CASE WHEN serial.is_final(status) THEN coalesce(p_completed, greatest(v_now, started_at))
    ELSE p_was_completed END;
  IF serial.is_final(status) AND completed_at < started_at THEN
    detail := format('completed_at %s is before started_at %s',
      to_char(completed_at AT TIME ZONE 'UTC', v_form), to_char(started_at AT TIME ZONE 'UTC', v_form));
    RETURN;
  END IF;
  outcome := 'change';
END
$$;

-- What an execution is when all of its branches are final, and when the last was finished; null without
-- any branch. Locks: none; the caller holds the execution's row.
CREATE FUNCTION serial.sum_up_branches(
  p_execution bigint, OUT status text, OUT completed_at timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  SELECT CASE WHEN bool_or(b.status = 'failed') THEN 'failed'
      WHEN bool_or(b.status = 'cancelled') THEN 'cancelled'
      WHEN count(*) > 0 THEN 'completed' END, max(b.completed_at)
    INTO status, completed_at
    FROM public.job_execution_branches b WHERE b.job_execution_id = p_execution;
END
$$;

-- The answer that an idempotency key has already: outcome null when it is free, and then it belongs to
-- this transaction; 'replayed' with the execution, 'key-reused'. An answer is counted, so that it waits
-- for the standby: what is only read may be lost with this server.
-- Locks: the key (advisory, waits), its row.
CREATE FUNCTION serial.take_execution_key(
  p_subject text, p_route text, p_key text, p_hash text, OUT outcome text, OUT execution_serial text)
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  -- In a statement of its own: the next one takes its snapshot after the lock, and sees the key of whoever
  -- had it before.
  PERFORM pg_advisory_xact_lock(
    hashtextextended(format('%L %L %L', p_subject, p_route, p_key), 7235));
  UPDATE serial.execution_keys k SET replays = k.replays + 1
    WHERE k.subject = p_subject AND k.route = p_route AND k.key = p_key
      AND k.created_at > clock_timestamp() - serial.key_life()
    RETURNING CASE WHEN k.request_hash = p_hash THEN 'replayed' ELSE 'key-reused' END, k.execution_serial
    INTO outcome, execution_serial;
END
$$;

-- Creates an execution of a job with one branch for each target, in the order given, or nothing at all.
--   p_job_serial or p_job_id, the other null
--   p_target_serials or p_target_ids, the other null: at least one; a target may stand in it twice
--   p_subject  whose request it is
--   p_route, p_key, p_hash  the idempotency key, all null without one
-- outcome: 'created' or 'replayed' with execution_serial; 'unknown-job'; 'unknown-target' with the first of
-- them as target, as it was named; 'job-full' with job_serial; 'execution-full' with the serial that the
-- execution would have had; 'key-reused'; 'not-migrated'.
-- Locks: the key, the job, a share of the targets (by their foreign key).
CREATE FUNCTION serial.create_execution(
  p_job_serial text, p_job_id bigint, p_target_serials text[], p_target_ids bigint[],
  p_scheduled_at timestamptz, p_subject text, p_route text, p_key text, p_hash text,
  OUT outcome text, OUT execution_serial text, OUT job_serial text, OUT target text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on' AS $$
#variable_conflict use_column
DECLARE
  v_count integer := coalesce(cardinality(p_target_serials), cardinality(p_target_ids), 0);
  v_job integer;
  v_execution integer;
  v_number integer;
  v_now timestamptz;
  v_ids integer[];
  v_serials text[];
BEGIN
  IF num_nonnulls(p_job_serial, p_job_id) <> 1 OR num_nonnulls(p_target_serials, p_target_ids) <> 1
    OR v_count < 1 OR array_position(p_target_serials, NULL) IS NOT NULL
    OR array_position(p_target_ids, NULL) IS NOT NULL
    OR num_nonnulls(p_route, p_key, p_hash) NOT IN (0, 3)
    OR (octet_length(p_subject) BETWEEN 1 AND 200) IS NOT TRUE THEN
    RAISE EXCEPTION 'expected one name of a job, one list of targets, a subject, and a whole key or none'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT serial.begin_writing() THEN
    outcome := 'not-migrated';
    RETURN;
  END IF;
  IF p_key IS NOT NULL THEN
    SELECT k.outcome, k.execution_serial INTO outcome, execution_serial
      FROM serial.take_execution_key(p_subject, p_route, p_key, p_hash) k;
    IF outcome IS NOT NULL THEN
      RETURN;
    END IF;
  END IF;

  IF p_job_serial IS NOT NULL THEN
    SELECT j.id, j.job_serial INTO v_job, job_serial FROM public.jobs j
      WHERE j.job_serial = p_job_serial FOR NO KEY UPDATE;
  ELSE
    SELECT j.id, j.job_serial INTO v_job, job_serial FROM public.jobs j
      WHERE j.id = p_job_id FOR NO KEY UPDATE;
  END IF;
  IF NOT FOUND THEN
    outcome := 'unknown-job';
    RETURN;
  END IF;
  v_number := serial.next_execution_number(v_job);
  IF v_number IS NULL THEN
    outcome := 'job-full';
    RETURN;
  END IF;
  execution_serial := job_serial || '.' || lpad(v_number::text, 4, '0');
  IF v_count > 9999 THEN
    outcome := 'execution-full';
    RETURN;
  END IF;
  IF p_target_serials IS NOT NULL THEN
    SELECT array_agg(t.id ORDER BY u.place), array_agg(t.target_serial ORDER BY u.place),
        (array_agg(u.serial ORDER BY u.place) FILTER (WHERE t.id IS NULL))[1]
      INTO v_ids, v_serials, target
      FROM unnest(p_target_serials) WITH ORDINALITY AS u (serial, place)
        LEFT JOIN public.universal_targets t ON t.target_serial = u.serial;
  ELSE
    SELECT array_agg(t.id ORDER BY u.place), array_agg(t.target_serial ORDER BY u.place),
        (array_agg(u.id ORDER BY u.place) FILTER (WHERE t.id IS NULL))[1]::text
      INTO v_ids, v_serials, target
      FROM unnest(p_target_ids) WITH ORDINALITY AS u (id, place)
        LEFT JOIN public.universal_targets t ON t.id = u.id;
  END IF;
  IF target IS NOT NULL THEN
    outcome := 'unknown-target';
    RETURN;
  END IF;

  -- read after the job was locked: executions of a job are in order of creation by number and by time
  v_now := clock_timestamp();
  INSERT INTO public.job_executions (job_id, execution_number, status, scheduled_at, created_at,
      execution_uuid, execution_serial)
    VALUES (v_job, v_number, 'scheduled', p_scheduled_at, v_now, gen_random_uuid(), execution_serial)
    RETURNING id INTO v_execution;
  INSERT INTO public.job_execution_branches (job_execution_id, target_id, branch_id, status, scheduled_at,
      created_at, branch_uuid, branch_serial, target_serial_ref)
    SELECT v_execution, u.id, lpad(u.place::text, greatest(3, length(u.place::text)), '0'), 'scheduled',
        p_scheduled_at, v_now, gen_random_uuid(),
        execution_serial || '.' || lpad(u.place::text, 4, '0'), u.serial
      FROM unnest(v_ids, v_serials) WITH ORDINALITY AS u (id, serial, place)
      ORDER BY u.place;
  IF p_key IS NOT NULL THEN
    INSERT INTO serial.execution_keys AS k (subject, route, key, request_hash, execution_serial)
      VALUES (p_subject, p_route, p_key, p_hash, execution_serial)
      -- one that is older than its life: take_execution_key has seen to it
      ON CONFLICT (subject, route, key) DO UPDATE SET request_hash = excluded.request_hash,
        execution_serial = excluded.execution_serial, replays = 0, created_at = clock_timestamp()
        WHERE k.created_at <= clock_timestamp() - serial.key_life();
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the idempotency key could not be taken' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;
  outcome := 'created';
END
$$;

-- Changes a branch, and its execution's status with it; null leaves a field as it is. Repeated with the same
-- values it is 'done' again.
-- outcome: 'done', 'unknown', 'immutable' (it is final and the change would alter it),
-- 'invalid-transition', 'invalid-times' with detail, 'not-migrated'. status_was: before the call.
-- Locks: the execution, the branch.
CREATE FUNCTION serial.change_branch(
  p_serial text, p_status text, p_started_at timestamptz, p_completed_at timestamptz, p_output text,
  p_error text, p_exit_code integer, OUT outcome text, OUT status_was text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on' AS $$
#variable_conflict use_column
DECLARE
  v_id integer;
  v_execution integer;
  e record;
  b record;
  v_new record;
BEGIN
  IF greatest(octet_length(p_output), octet_length(p_error)) > 8388608 THEN
    RAISE EXCEPTION 'expected outputs of at most 8388608 bytes'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT serial.begin_writing() THEN
    outcome := 'not-migrated';
    RETURN;
  END IF;
  SELECT x.id, x.job_execution_id INTO v_id, v_execution FROM public.job_execution_branches x
    WHERE x.branch_serial = p_serial;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;
  SELECT x.status::text AS status, x.started_at INTO STRICT e FROM public.job_executions x
    WHERE x.id = v_execution FOR NO KEY UPDATE;
  -- outputs are looked at only where they matter
  SELECT x.status::text AS status, x.started_at, x.completed_at, x.exit_code INTO STRICT b
    FROM public.job_execution_branches x WHERE x.id = v_id FOR NO KEY UPDATE;
  status_was := b.status;

  IF serial.is_final(b.status) THEN
    SELECT CASE WHEN (p_status IS NULL OR p_status = b.status)
        AND (p_started_at IS NULL OR p_started_at = x.started_at)
        AND (p_completed_at IS NULL OR p_completed_at = x.completed_at)
        AND (p_exit_code IS NULL OR p_exit_code = x.exit_code)
        AND (p_output IS NULL OR p_output = x.result_output)
        AND (p_error IS NULL OR p_error = x.result_error) THEN 'done' ELSE 'immutable' END
      INTO outcome FROM public.job_execution_branches x WHERE x.id = v_id;
    RETURN;
  END IF;
  SELECT * INTO STRICT v_new FROM serial.judge_change(
    b.status, b.started_at, b.completed_at, p_status, p_started_at, p_completed_at);
  IF v_new.outcome <> 'change' THEN
    outcome := v_new.outcome;
    detail := v_new.detail;
    RETURN;
  END IF;
  outcome := 'done';
  UPDATE public.job_execution_branches x SET
    status = CASE v_new.status WHEN 'running' THEN 'running' WHEN 'completed' THEN 'completed'
      WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'cancelled' ELSE x.status END,
    started_at = v_new.started_at, completed_at = v_new.completed_at,
    result_output = coalesce(p_output, x.result_output),
    result_error = coalesce(p_error, x.result_error), exit_code = coalesce(p_exit_code, x.exit_code)
    WHERE x.id = v_id AND (x.status::text <> v_new.status
      OR x.started_at IS DISTINCT FROM v_new.started_at
      OR x.completed_at IS DISTINCT FROM v_new.completed_at
      OR x.exit_code IS DISTINCT FROM coalesce(p_exit_code, x.exit_code)
      OR p_output IS NOT NULL AND x.result_output IS DISTINCT FROM p_output
      OR p_error IS NOT NULL AND x.result_error IS DISTINCT FROM p_error);

  -- A branch that is still scheduled says nothing new of its execution, which never goes back.
  IF v_new.status <> 'scheduled' AND NOT serial.is_final(e.status) THEN
    PERFORM serial.follow_branches(v_execution, v_new.started_at);
  END IF;
END
$$;

-- Sets the status of an execution that is not final to what follows from its branches, of which one at least
-- is not scheduled any more. An execution starts when the first of its branches does, and is completed when
-- the last is. Locks: the caller holds the execution's row.
CREATE FUNCTION serial.follow_branches(p_execution integer, p_started timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_sum record;
BEGIN
  IF EXISTS (SELECT FROM public.job_execution_branches b
      WHERE b.job_execution_id = p_execution AND b.status IN ('scheduled', 'running')) THEN
    UPDATE public.job_executions e SET status = 'running', started_at = coalesce(e.started_at, p_started)
      WHERE e.id = p_execution AND e.status <> 'running';
    RETURN;
  END IF;
  SELECT * INTO STRICT v_sum FROM serial.sum_up_branches(p_execution);
  UPDATE public.job_executions e SET
    status = CASE v_sum.status WHEN 'completed' THEN 'completed' WHEN 'failed' THEN 'failed'
      WHEN 'cancelled' THEN 'cancelled' ELSE e.status END,
    started_at = coalesce(e.started_at, p_started),
    completed_at = greatest(v_sum.completed_at, e.started_at, p_started)
    WHERE e.id = p_execution;
END
$$;

-- Changes an execution; null leaves a field as it is. Repeated with the same values it is 'done' again.
-- 'cancelled' cancels its branches that are not final; 'completed' and 'failed' are what its branches say.
-- outcome: as of change_branch, and 'unfinished-branches' with their number: it cannot be completed or failed
-- before they are. status_was: before the call. Locks: the execution, its unfinished branches by id.
CREATE FUNCTION serial.change_execution(
  p_serial text, p_status text, p_started_at timestamptz, p_completed_at timestamptz,
  OUT outcome text, OUT status_was text, OUT unfinished integer, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on' AS $$
#variable_conflict use_column
DECLARE
  e record;
  v_new record;
BEGIN
  IF NOT serial.begin_writing() THEN
    outcome := 'not-migrated';
    RETURN;
  END IF;
  SELECT x.id, x.status::text AS status, x.started_at, x.completed_at INTO e
    FROM public.job_executions x WHERE x.execution_serial = p_serial FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;
  status_was := e.status;
  IF serial.is_final(e.status) THEN
    outcome := CASE WHEN (p_status IS NULL OR p_status = e.status)
      AND (p_started_at IS NULL OR p_started_at = e.started_at)
      AND (p_completed_at IS NULL OR p_completed_at = e.completed_at) THEN 'done' ELSE 'immutable' END;
    RETURN;
  END IF;
  SELECT * INTO STRICT v_new FROM serial.judge_change(
    e.status, e.started_at, e.completed_at, p_status, p_started_at, p_completed_at);
  IF v_new.outcome <> 'change' THEN
    outcome := v_new.outcome;
    detail := v_new.detail;
    RETURN;
  END IF;
  IF v_new.status IN ('completed', 'failed') THEN
    SELECT count(*) INTO unfinished FROM public.job_execution_branches b
      WHERE b.job_execution_id = e.id AND b.status IN ('scheduled', 'running');
    IF unfinished > 0 THEN
      outcome := 'unfinished-branches';
      RETURN;
    ELSIF (SELECT s.status <> v_new.status FROM serial.sum_up_branches(e.id) s) THEN
      outcome := 'invalid-transition';
      RETURN;
    END IF;
  ELSIF v_new.status = 'cancelled' THEN
    PERFORM FROM public.job_execution_branches b
      WHERE b.job_execution_id = e.id AND b.status IN ('scheduled', 'running')
      ORDER BY b.id FOR NO KEY UPDATE;
    UPDATE public.job_execution_branches b SET status = 'cancelled',
      started_at = CASE WHEN b.status = 'scheduled' THEN coalesce(b.started_at, v_new.completed_at)
        ELSE b.started_at END,
      completed_at = greatest(b.started_at, v_new.completed_at)
      WHERE b.job_execution_id = e.id AND b.status IN ('scheduled', 'running');
  END IF;
  outcome := 'done';
  UPDATE public.job_executions x SET
    status = CASE v_new.status WHEN 'running' THEN 'running' WHEN 'completed' THEN 'completed'
      WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'cancelled' ELSE x.status END,
    started_at = v_new.started_at, completed_at = v_new.completed_at
    WHERE x.id = e.id AND (x.status::text <> v_new.status
      OR x.started_at IS DISTINCT FROM v_new.started_at
      OR x.completed_at IS DISTINCT FROM v_new.completed_at);
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  serial.create_execution(text, bigint, text[], bigint[], timestamptz, text, text, text, text),
  serial.change_branch(text, text, timestamptz, timestamptz, text, text, integer),
  serial.change_execution(text, text, timestamptz, timestamptz)
TO serial_node;
