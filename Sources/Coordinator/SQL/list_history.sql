-- Numbers issued by day of the last 28 days and today.
-- kind, year, days_ago, numbers
-- Locks: none
SELECT kind, year, days_ago, numbers FROM serial.issue_history() ORDER BY 1, 2, 3
