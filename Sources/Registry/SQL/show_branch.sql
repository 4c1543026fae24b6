-- Columns of a branch `b`, put in place of {branch}; {output} and {error} are what is shown of its outputs.
-- octet_length of a stored text reads its header only.
b.id, b.branch_uuid, b.branch_serial, b.branch_id, b.job_execution_id, b.target_id, b.target_serial_ref,
  (SELECT t.name FROM public.universal_targets t WHERE t.id = b.target_id) AS target_name,
  b.status::text AS status, b.scheduled_at, b.started_at, b.completed_at,
  {output} AS result_output, octet_length(b.result_output) AS result_output_bytes,
  {error} AS result_error, octet_length(b.result_error) AS result_error_bytes,
  b.exit_code, b.created_at, b.outputs_purged_at
