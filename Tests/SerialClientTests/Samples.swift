/// Answers as docs/api.md describes them.
enum Samples {
  static let job = """
    {"id":1,"job_uuid":"5C8D2E7B-6E0B-4B1A-9A55-0D7C7D2E3F11","job_serial":"J202600001",
     "name":"System Update","description":null,"job_type":"script","status":"running","created_by":7,
     "created_at":"2026-11-25T12:00:00.250Z","updated_at":null,"scheduled_at":null,
     "started_at":"2026-11-25T12:00:01Z","completed_at":null}
    """

  static let target = """
    {"id":45,"target_uuid":"5c8d2e7b-6e0b-4b1a-9a55-0d7c7d2e3f45","target_serial":"T202600045",
     "name":"web-1","target_type":null,"description":null,"os_type":"linux",
     "environment":"production","location":null,"data_center":null,"region":"eu","is_active":true,
     "status":"active","health_status":"unknown","created_at":"2026-11-25T12:00:00.000Z",
     "updated_at":null}
    """

  static let executionFields = """
    "id":3,"execution_uuid":"5c8d2e7b-6e0b-4b1a-9a55-0d7c7d2e3f03",
     "execution_serial":"J202600001.0003","execution_number":3,"job_id":1,
     "job_serial":"J202600001","job_name":"System Update","status":"running","scheduled_at":null,
     "started_at":"2026-11-25T12:00:01.000Z","completed_at":null,
     "created_at":"2026-11-25T12:00:00.000Z","branch_count":15
    """

  static let execution = "{\(executionFields)}"

  static let branch = """
    {"id":15,"branch_uuid":"5c8d2e7b-6e0b-4b1a-9a55-0d7c7d2e3f15",
     "branch_serial":"J202600001.0003.0015","branch_id":"015",
     "execution_serial":"J202600001.0003","job_execution_id":3,"target_id":45,
     "target_serial_ref":"T202600045","target":{"id":45,"target_serial":"T202600045","name":"web-1"},
     "status":"failed","scheduled_at":null,"started_at":"2026-11-25T12:00:01.000Z",
     "completed_at":"2026-11-25T12:00:05.500Z","result_output":"out","result_error":"no space",
     "result_output_bytes":3,"result_error_bytes":8,"outputs_cut":false,"exit_code":1,
     "created_at":"2026-11-25T12:00:00.000Z","outputs_purged_at":null}
    """

  static let detail = """
    {\(executionFields),"job":{"id":1,"job_serial":"J202600001","name":"System Update"},
     "branches":[\(branch)],"next":15}
    """

  static let totals = """
    "total_executions":4,"successful_executions":2,"failed_executions":1,"cancelled_executions":0,
     "unfinished_executions":1,"success_rate":66.7,"average_duration":4.5
    """
}
