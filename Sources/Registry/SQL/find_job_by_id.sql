-- A job by the database's own id.
-- $1 id
-- At most one row: the columns of show_job.sql
-- Locks: none
SELECT {job} FROM public.jobs j WHERE j.id = $1::integer
