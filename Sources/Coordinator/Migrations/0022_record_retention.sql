-- What is not kept for ever: outputs of finished results, and the idempotency keys of executions. Serials and
-- everything else of a record stay.

-- Removes the outputs of results that were finished before a time, the oldest first, p_limit (1...10000) at
-- most; everything else of them stays. Results of an old installation that say not when they were finished
-- count from when they were created. purged: how many lost their outputs; -1 before the installation is
-- migrated. Locks: the branches, skip locked.
CREATE FUNCTION serial.purge_outputs(p_before timestamptz, p_limit integer, p_by text, OUT purged integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, serial, pg_temp SET serial.trusted = 'on' AS $$
BEGIN
  PERFORM serial.demand_reason('purge', p_by);
  IF p_before IS NULL OR (p_limit BETWEEN 1 AND 10000) IS NOT TRUE THEN
    RAISE EXCEPTION 'expected a time and a limit of 1...10000'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT serial.begin_writing() THEN
    purged := -1;
    RETURN;
  END IF;
  WITH old AS MATERIALIZED (
    SELECT b.id FROM public.job_execution_branches b
      WHERE b.outputs_purged_at IS NULL AND (b.result_output IS NOT NULL OR b.result_error IS NOT NULL)
        AND coalesce(b.completed_at, b.created_at) < p_before
        AND b.status IN ('completed', 'failed', 'cancelled')
      ORDER BY coalesce(b.completed_at, b.created_at) LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE public.job_execution_branches b
    SET result_output = NULL, result_error = NULL, outputs_purged_at = clock_timestamp()
    FROM old WHERE b.id = old.id;
  GET DIAGNOSTICS purged = ROW_COUNT;
  IF purged > 0 THEN
    INSERT INTO serial.events (event, detail) VALUES ('outputs-purged',
      jsonb_build_object('results', purged, 'finished_before', p_before, 'by', p_by));
  END IF;
END
$$;

-- As 0008 has it, with the keys of executions: at most 1,000 of each. Locks: keys, skip locked.
CREATE OR REPLACE FUNCTION serial.sweep_keys() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, serial, pg_temp AS $$
DECLARE
  v_numbers integer;
  v_executions integer;
BEGIN
  PERFORM serial.calling_node();
  DELETE FROM serial.idempotency_keys x USING (
      SELECT subject, route, key FROM serial.idempotency_keys
        WHERE created_at <= clock_timestamp() - serial.key_life()
        ORDER BY subject, route, key LIMIT 1000 FOR UPDATE SKIP LOCKED) old
    WHERE x.subject = old.subject AND x.route = old.route AND x.key = old.key;
  GET DIAGNOSTICS v_numbers = ROW_COUNT;
  DELETE FROM serial.execution_keys x USING (
      SELECT subject, route, key FROM serial.execution_keys
        WHERE created_at <= clock_timestamp() - serial.key_life()
        ORDER BY subject, route, key LIMIT 1000 FOR UPDATE SKIP LOCKED) old
    WHERE x.subject = old.subject AND x.route = old.route AND x.key = old.key;
  GET DIAGNOSTICS v_executions = ROW_COUNT;
  RETURN v_numbers + v_executions;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA serial FROM PUBLIC;
GRANT EXECUTE ON FUNCTION serial.purge_outputs(timestamptz, integer, text) TO serial_node;
