-- Quotas and what was used of them.
-- subject, per_minute, per_year, used_minute, used_year
-- Locks: none
SELECT subject, per_minute, per_year, used_minute, used_year FROM serial.list_quotas()
