-- Jobs by serial, in no order.
-- $1 serials
-- The columns of show_job.sql
-- Locks: none
SELECT {job} FROM public.jobs j WHERE j.job_serial = ANY ($1::text[])
