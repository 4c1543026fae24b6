-- Columns of a target `t`, put in place of {target}.
t.id, t.target_uuid, t.target_serial, t.name, t.target_type, t.description, t.os_type, t.environment,
  t.location, t.data_center, t.region, coalesce(t.is_active, true) AS is_active, t.status,
  t.health_status, t.created_at, t.updated_at
