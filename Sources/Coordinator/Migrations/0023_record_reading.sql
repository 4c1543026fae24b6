-- How often the tables of results are vacuumed.

-- An index alone can only answer for pages that were vacuumed since they changed: every 100,000 rows of five
-- million, not every million. Locks: the tables, as VACUUM does.
CREATE FUNCTION serial.tune_records() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, serial, pg_temp AS $$
BEGIN
  ALTER TABLE public.job_executions
    SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
  ALTER TABLE public.job_execution_branches
    SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
END
$$;

DO $$
BEGIN
  IF (SELECT state FROM serial.registry) = 'ready' THEN
    PERFORM serial.tune_records();
  END IF;
END
$$;

REVOKE ALL ON FUNCTION serial.tune_records() FROM PUBLIC;
