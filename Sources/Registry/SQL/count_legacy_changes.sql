-- How many values the migration changed, by table, column and reason. Locks: none.
SELECT on_table, on_column, reason, count(*) AS changes FROM serial.legacy_changes
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
