-- What the migration would do to jobs and targets, by kind and year. Locks: none.
SELECT kind, year, records, kept, renumbered, void FROM serial.forecast_legacy()
