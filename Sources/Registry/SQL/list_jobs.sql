-- Jobs, a page of them. {source} is the table, or `named` when a name is asked for: then those are found
-- by trigrams and sorted. {after} is where the page before ended, {order} the order.
-- $1 status or null, $2 type or null, $3 pattern of the name or null, $4 how many,
-- $5, $6 key and id of the last row of the page before; not there for the first page
-- The columns of show_job.sql
-- Locks: none
--
-- The filters are one CASE and the page has a constant limit, so that a plan that knows no values expects
-- half of all jobs to pass and 1,001 to be enough: then it walks the index of the order.
WITH named AS MATERIALIZED (SELECT * FROM public.jobs WHERE name ILIKE $3::text),
page AS (
  SELECT *
  FROM {source} j
  WHERE {after}
    AND CASE
      WHEN ($1::text IS NULL OR j.status::text = $1) AND ($2::text IS NULL OR j.job_type::text = $2)
      THEN true ELSE false
    END
  ORDER BY {order}
  LIMIT 1001
)
SELECT {job} FROM page j ORDER BY {order} LIMIT $4::integer
