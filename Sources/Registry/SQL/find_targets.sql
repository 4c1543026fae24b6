-- Targets by serial, in no order.
-- $1 serials
-- The columns of show_target.sql
-- Locks: none
SELECT {target} FROM public.universal_targets t WHERE t.target_serial = ANY ($1::text[])
