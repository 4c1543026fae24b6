-- Targets, a page of them. {source} is the table, or `named` when a name is asked for: then those are
-- found by trigrams and sorted. {after} is where the page before ended, {order} the order.
-- $1 os_type, $2 environment, $3 region, $4 status, $5 whether active, each or null,
-- $6 pattern of the name or null, $7 how many,
-- $8, $9 key and id of the last row of the page before; not there for the first page
-- The columns of show_target.sql
-- Locks: none
--
-- One CASE and a constant limit as in list_jobs.sql.
WITH named AS MATERIALIZED (SELECT * FROM public.universal_targets WHERE name ILIKE $6::text),
page AS (
  SELECT *
  FROM {source} t
  WHERE {after}
    AND CASE
      WHEN ($1::text IS NULL OR t.os_type = $1) AND ($2::text IS NULL OR t.environment = $2)
        AND ($3::text IS NULL OR t.region = $3) AND ($4::text IS NULL OR t.status::text = $4)
        AND ($5::boolean IS NULL OR coalesce(t.is_active, true) = $5)
      THEN true ELSE false
    END
  ORDER BY {order}
  LIMIT 1001
)
SELECT {target} FROM page t ORDER BY {order} LIMIT $7::integer
