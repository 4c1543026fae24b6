-- EnableDRM's tables as an existing installation has them (requirements, part C): no serials of executions and
-- branches, defaults in the application's own code.
CREATE TYPE public.userrole AS ENUM ('administrator', 'user', 'guest');
CREATE TYPE public.jobtype AS ENUM ('command', 'script', 'file_transfer', 'composite');
CREATE TYPE public.jobstatus AS ENUM ('draft', 'scheduled', 'running', 'completed', 'failed', 'cancelled');
CREATE TYPE public.executionstatus AS ENUM ('scheduled', 'running', 'completed', 'failed', 'cancelled');
CREATE TABLE public.users (
  id serial PRIMARY KEY, username varchar(50) NOT NULL, email varchar(255) NOT NULL,
  password_hash varchar(255) NOT NULL, role public.userrole NOT NULL, is_active boolean,
  last_login timestamptz, created_at timestamptz DEFAULT now(), updated_at timestamptz);
CREATE UNIQUE INDEX ix_users_username ON public.users (username);
CREATE UNIQUE INDEX ix_users_email ON public.users (email);
CREATE TABLE public.universal_targets (
  id serial PRIMARY KEY, target_uuid uuid, target_serial varchar(20), name varchar(100) NOT NULL,
  target_type varchar(50), description text, os_type varchar(50) NOT NULL, environment varchar(50),
  location varchar(100), data_center varchar(100), region varchar(100), is_active boolean,
  status varchar(50), health_status varchar(50), created_at timestamptz DEFAULT now(), updated_at timestamptz);
CREATE INDEX ix_universal_targets_target_serial ON public.universal_targets (target_serial);
CREATE TABLE public.target_communication_methods (
  id serial PRIMARY KEY, target_id integer NOT NULL REFERENCES public.universal_targets,
  method_type varchar(50) NOT NULL, config json, created_at timestamptz DEFAULT now());
CREATE TABLE public.jobs (
  id serial PRIMARY KEY, job_uuid uuid, job_serial varchar(20), name varchar(255) NOT NULL, description text,
  job_type public.jobtype NOT NULL, status public.jobstatus, created_by integer NOT NULL REFERENCES public.users,
  created_at timestamptz DEFAULT now(), updated_at timestamptz, scheduled_at timestamptz,
  started_at timestamptz, completed_at timestamptz);
CREATE INDEX ix_jobs_job_serial ON public.jobs (job_serial);
CREATE TABLE public.job_executions (
  id serial PRIMARY KEY, job_id integer NOT NULL REFERENCES public.jobs, execution_number integer NOT NULL,
  status public.executionstatus, scheduled_at timestamptz, started_at timestamptz, completed_at timestamptz,
  created_at timestamptz DEFAULT now());
CREATE TABLE public.job_execution_branches (
  id serial PRIMARY KEY, job_execution_id integer NOT NULL REFERENCES public.job_executions,
  target_id integer NOT NULL REFERENCES public.universal_targets, branch_id varchar(10) NOT NULL,
  status public.executionstatus, scheduled_at timestamptz, started_at timestamptz, completed_at timestamptz,
  result_output text, result_error text, exit_code integer, created_at timestamptz DEFAULT now());
