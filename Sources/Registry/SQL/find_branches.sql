-- Branches by serial, in no order; with whole outputs or their beginnings.
-- $1 serials
-- The columns of show_branch.sql
-- Locks: none
SELECT {branch} FROM public.job_execution_branches b WHERE b.branch_serial = ANY ($1::text[])
