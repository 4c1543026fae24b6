-- A target by the database's own id.
-- $1 id
-- At most one row: the columns of show_target.sql
-- Locks: none
SELECT {target} FROM public.universal_targets t WHERE t.id = $1::integer
