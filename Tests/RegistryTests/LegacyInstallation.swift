import Coordinator
import DatabaseFixture
import LibPQ

@testable import Registry

/// An existing installation of EnableDRM, as its own models make it: owned by a role of its own, without
/// serials of executions and branches, without defaults that its code sets.
enum LegacyInstallation {
  static let schema = """
    DO $$ BEGIN CREATE ROLE enabledrm LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    GRANT CREATE ON SCHEMA public TO enabledrm;
    SET ROLE enabledrm;
    CREATE TYPE public.userrole AS ENUM ('administrator', 'user', 'guest');
    CREATE TYPE public.jobtype AS ENUM ('command', 'script', 'file_transfer', 'composite');
    CREATE TYPE public.jobstatus AS ENUM
      ('draft', 'scheduled', 'running', 'completed', 'failed', 'cancelled');
    CREATE TYPE public.executionstatus AS ENUM
      ('scheduled', 'running', 'completed', 'failed', 'cancelled');
    CREATE TABLE public.users (
      id serial PRIMARY KEY, username varchar(50) NOT NULL, email varchar(255) NOT NULL,
      password_hash varchar(255) NOT NULL, role public.userrole NOT NULL, is_active boolean,
      last_login timestamptz, created_at timestamptz DEFAULT now(), updated_at timestamptz);
    CREATE UNIQUE INDEX ix_users_username ON public.users (username);
    CREATE TABLE public.universal_targets (
      id serial PRIMARY KEY, target_uuid uuid, target_serial varchar(20), name varchar(100) NOT NULL,
      target_type varchar(50), description text, os_type varchar(50) NOT NULL,
      environment varchar(50), location varchar(100), data_center varchar(100), region varchar(100),
      is_active boolean, status varchar(50), health_status varchar(50),
      created_at timestamptz DEFAULT now(), updated_at timestamptz);
    CREATE INDEX ix_universal_targets_target_serial ON public.universal_targets (target_serial);
    CREATE TABLE public.target_communication_methods (
      id serial PRIMARY KEY, target_id integer NOT NULL REFERENCES public.universal_targets,
      method_type varchar(50) NOT NULL, config json, created_at timestamptz DEFAULT now());
    CREATE TABLE public.jobs (
      id serial PRIMARY KEY, job_uuid uuid, job_serial varchar(20), name varchar(255) NOT NULL,
      description text, job_type public.jobtype NOT NULL, status public.jobstatus,
      created_by integer NOT NULL REFERENCES public.users, created_at timestamptz DEFAULT now(),
      updated_at timestamptz, scheduled_at timestamptz, started_at timestamptz,
      completed_at timestamptz);
    CREATE INDEX ix_jobs_job_serial ON public.jobs (job_serial);
    CREATE TABLE public.job_executions (
      id serial PRIMARY KEY, job_id integer NOT NULL REFERENCES public.jobs,
      execution_number integer NOT NULL, status public.executionstatus, scheduled_at timestamptz,
      started_at timestamptz, completed_at timestamptz, created_at timestamptz DEFAULT now());
    CREATE TABLE public.job_execution_branches (
      id serial PRIMARY KEY, job_execution_id integer NOT NULL REFERENCES public.job_executions,
      target_id integer NOT NULL REFERENCES public.universal_targets, branch_id varchar(10) NOT NULL,
      status public.executionstatus, scheduled_at timestamptz, started_at timestamptz,
      completed_at timestamptz, result_output text, result_error text, exit_code integer,
      created_at timestamptz DEFAULT now());
    INSERT INTO public.users (username, email, password_hash, role, is_active)
      VALUES ('admin', 'admin@example.org', 'x', 'administrator', true);
    RESET ROLE;
    """

  /// A database with the installation and the allocator's schema, not migrated.
  static func make(_ data: String = "") async throws -> Database {
    let database = try await Fixture.shared.emptyDatabase()
    try await database.sql(schema)
    if !data.isEmpty { try await load(data, into: database) }
    let admin = try await database.connect(as: "postgres", limits: .migration)
    _ = try await Migrator(connection: admin).run()
    _ = try await Enrollment.enroll(node: "eu-1", region: "eu", on: admin)
    await admin.close()
    return database
  }

  /// Runs data of any size, as the application.
  static func load(_ data: String, into database: Database) async throws {
    let admin = try await database.connect(as: "postgres", limits: .migration)
    try await admin.simpleScript(
      "SET ROLE enabledrm; " + data)
    await admin.close()
  }

  /// Runs the migration on a connection of its own.
  @discardableResult
  static func migrate(
    _ database: Database, _ options: LegacyOptions = LegacyOptions(batch: 100),
    observe: @escaping @Sendable (LegacyEvent) -> Void = { _ in },
    checkpoint: @escaping @Sendable (LegacyStep) async throws -> Void = { _ in }
  ) async throws -> LegacyOutcome {
    let admin = try await database.connect(as: "postgres", limits: LegacyMigration.limits)
    do {
      let outcome = try await LegacyMigration(
        connection: admin, options: options, observe: observe, checkpoint: checkpoint
      ).run()
      await admin.close()
      return outcome
    } catch {
      await admin.close()
      throw error
    }
  }

  /// The rows of a query.
  static func rows(_ database: Database, _ sql: String) async throws -> ResultRows {
    let admin = try await database.connect(as: "postgres", limits: .migration)
    let rows = try await admin.simpleScript(sql).rows
    await admin.close()
    return rows
  }

  /// The only row of a query.
  static func row(_ database: Database, _ sql: String) async throws -> Row {
    let admin = try await database.connect(as: "postgres", limits: .migration)
    let row = try await admin.simpleScript(sql).singleRow()
    await admin.close()
    return row
  }

  /// Columns, indexes, constraints, triggers and the rows of every table, without what is random or a time
  /// of the run: two databases that went the same way have the same.
  static func fingerprint(_ database: Database, withRandom: Bool) async throws -> [String] {
    try await rows(
      database,
      """
      CREATE FUNCTION pg_temp.fingerprint(p_random boolean) RETURNS SETOF text LANGUAGE plpgsql AS $f$
      DECLARE t record; v_hash text;
      BEGIN
        FOR t IN SELECT n.nspname, c.relname, (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attname)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND (p_random OR a.atttypid <> 'uuid'::regtype AND a.attname NOT IN ('at', 'id', 'transaction', 'created_at')
                AND (a.atttypid <> 'timestamptz'::regtype OR n.nspname = 'public')
                AND NOT (n.nspname = 'public' AND c.relname = 'users' AND a.attname LIKE '%_at'))) AS columns
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ('public', 'serial') AND c.relkind = 'r'
            AND (p_random OR c.relname NOT IN ('grant_state', 'events', 'legacy_steps', 'legacy_changes', 'migrations'))
          ORDER BY 1, 2
        LOOP
          EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(r::text, '';'' ORDER BY r::text)), '''')
            FROM (SELECT %s FROM %I.%I) r', t.columns, t.nspname, t.relname) INTO v_hash;
          RETURN NEXT format('%s.%s (%s) %s', t.nspname, t.relname, t.columns, v_hash);
        END LOOP;
        RETURN QUERY SELECT format('%s %s %s %s', c.relname, a.attname, a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid)) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 ORDER BY 1;
        RETURN QUERY SELECT pg_get_indexdef(x.indexrelid) || x.indisvalid::text FROM pg_index x
          JOIN pg_class c ON c.oid = x.indrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1;
        RETURN QUERY SELECT k.conname || pg_get_constraintdef(k.oid) FROM pg_constraint k
          WHERE k.connamespace = 'public'::regnamespace ORDER BY 1;
        RETURN QUERY SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
          WHERE c.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal ORDER BY 1;
      END $f$;
      SELECT f FROM pg_temp.fingerprint(\(withRandom)) f
      """
    ).map { try $0.text("f") ?? "" }
  }
}
