-- Executions by serial, in no order.
-- $1 serials
-- The columns of show_execution.sql
-- Locks: none
SELECT {execution} FROM public.job_executions e WHERE e.execution_serial = ANY ($1::text[])
