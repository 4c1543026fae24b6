-- Columns of a job `j`, put in place of {job}.
j.id, j.job_uuid, j.job_serial, j.name, j.description, j.job_type::text AS job_type,
  coalesce(j.status::text, 'draft') AS status, j.created_by, j.created_at, j.updated_at, j.scheduled_at, j.started_at,
  j.completed_at
