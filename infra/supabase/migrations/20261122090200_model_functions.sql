-- The four steps of a model's life, called over REST (`/rpc/…`) by the service role alone. Each is one
-- transaction and safe to repeat. One advisory lock orders them: runs are rare, and versions of a family and
-- the live row of a purpose must not race.

create or replace function public.register_model_version(
  p_run_id text,
  p_family text,
  p_purpose text,
  p_base_model text,
  p_provider text,
  p_base_shutdown_date date default null
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.model_versions;
  v_version integer;
begin
  if p_run_id is null or p_run_id !~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$' then
    raise exception 'p_run_id is not an execution name' using errcode = 'invalid_parameter_value';
  end if;
  if p_family is null or p_family !~ '^[a-z0-9][a-z0-9._-]{0,62}$' then
    raise exception 'p_family must be lowercase letters, digits, dots and dashes'
      using errcode = 'invalid_parameter_value';
  end if;
  if p_purpose is null or p_purpose !~ '^[a-z][a-z0-9_-]{0,62}$' then
    raise exception 'p_purpose must be lowercase letters, digits and dashes'
      using errcode = 'invalid_parameter_value';
  end if;
  if coalesce(p_base_model, '') !~ '^[[:graph:]]{1,200}$' or coalesce(p_provider, '') !~ '^[[:graph:]]{1,200}$' then
    raise exception 'p_base_model and p_provider must be 1 to 200 visible characters'
      using errcode = 'invalid_parameter_value';
  end if;

  -- Taken before the reads below: each statement sees what the previous holder committed.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('zion:model_versions', 0));
  select * into v_row from public.model_versions where run_id = p_run_id;
  if found then
    if v_row.family <> p_family or v_row.purpose <> p_purpose then
      raise exception 'run % is already registered as % for %', p_run_id, v_row.name, v_row.purpose
        using errcode = 'invalid_parameter_value';
    end if;
    return pg_catalog.row_to_json(v_row);
  end if;

  select coalesce(max(version), 0) + 1 into v_version from public.model_versions where family = p_family;
  insert into public.model_versions
    (name, id, family, version, purpose, base_model, provider, run_id, base_shutdown_date, training_status, active)
  values
    (p_family || '-v' || v_version, p_family || '-v' || v_version, p_family, v_version, p_purpose, p_base_model,
     p_provider, p_run_id, p_base_shutdown_date, 'queued', false)
  returning * into v_row;
  return pg_catalog.row_to_json(v_row);
end
$$;
comment on function public.register_model_version is
  'Adds the run''s row with the family''s next version, or answers the row the run already has.';

create or replace function public.start_model_version(
  p_run_id text,
  p_job_id text,
  p_dataset_sha256 text,
  p_manifest_uri text
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.model_versions;
begin
  select * into v_row from public.model_versions where run_id = p_run_id for update;
  if not found then
    raise exception 'run % is not registered', p_run_id using errcode = 'no_data_found';
  end if;
  if v_row.training_status = 'failed' then
    raise exception 'run % has failed and cannot start: start a new execution', p_run_id
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- A late replay must not send a finished model back to running.
  if v_row.training_status <> 'succeeded' then
    update public.model_versions
      set training_status = 'running', job_id = p_job_id, dataset_sha256 = p_dataset_sha256,
          manifest_uri = p_manifest_uri
      where run_id = p_run_id
      returning * into v_row;
  end if;
  return pg_catalog.row_to_json(v_row);
end
$$;
comment on function public.start_model_version is 'Marks the run as training, with its job and its dataset.';

create or replace function public.fail_model_version(
  p_run_id text,
  p_error text,
  p_cause text
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.model_versions;
begin
  select * into v_row from public.model_versions where run_id = p_run_id for update;
  if found and v_row.training_status in ('queued', 'running') then
    update public.model_versions
      set training_status = 'failed',
          error_name = left(coalesce(nullif(p_error, ''), 'Internal'), 200),
          error_message = left(coalesce(p_cause, ''), 2000)
      where run_id = p_run_id
      returning * into v_row;
  end if;
  if v_row.training_status = 'failed' then
    return pg_catalog.json_build_object(
      'error', coalesce(v_row.error_name, 'Internal'), 'cause', coalesce(v_row.error_message, ''));
  end if;
  return pg_catalog.json_build_object('error', p_error, 'cause', p_cause);
end
$$;
comment on function public.fail_model_version is
  'Records the run''s first failure and answers it; a promoted or unknown run is left alone and the arguments come back.';

create or replace function public.promote_model_version(
  p_run_id text,
  p_provider_model text,
  p_metrics jsonb default '{}',
  p_reason text default 'trained'
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.model_versions;
  v_previous text;
begin
  if p_provider_model is null or p_provider_model !~ '^[[:graph:]]{1,255}$' then
    raise exception 'p_provider_model must be 1 to 255 visible characters'
      using errcode = 'invalid_parameter_value';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('zion:model_versions', 0));
  select * into v_row from public.model_versions where run_id = p_run_id for update;
  if not found then
    raise exception 'run % is not registered', p_run_id using errcode = 'no_data_found';
  end if;
  if v_row.training_status = 'failed' then
    raise exception 'run % has failed (%) and cannot be promoted', p_run_id, v_row.error_name
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  if v_row.promoted_at is null then
    -- A run that was slow must not bring back what a newer one has replaced: people may have opted out in between.
    if exists (select from public.model_versions
               where purpose = v_row.purpose and active and family = v_row.family and version > v_row.version) then
      raise exception 'a newer version of % is live: run % stays unused', v_row.family, p_run_id
        using errcode = 'object_not_in_prerequisite_state';
    end if;
    update public.model_versions set active = false, retired_at = pg_catalog.now()
      where purpose = v_row.purpose and active
      returning name into v_previous;
    update public.model_versions
      set active = true, training_status = 'succeeded', id = p_provider_model, provider_model = p_provider_model,
          metrics = coalesce(p_metrics, '{}'), promoted_at = pg_catalog.now(), retired_at = null
      where run_id = p_run_id
      returning * into v_row;
    insert into public.model_promotions (purpose, name, model_id, version, run_id, previous, reason)
    values (v_row.purpose, v_row.name, v_row.id, v_row.version, p_run_id, v_previous,
            left(coalesce(nullif(p_reason, ''), 'trained'), 2000));
  else
    -- A replay, perhaps after a newer model took over: the answer of the first time, from the ledger.
    select previous into v_previous from public.model_promotions where run_id = p_run_id;
  end if;
  return pg_catalog.json_build_object(
    'id', v_row.id, 'name', v_row.name, 'purpose', v_row.purpose, 'version', v_row.version,
    'previous', v_previous);
end
$$;
comment on function public.promote_model_version is
  'Puts the run''s model live for its purpose in one transaction and writes the ledger; a replay changes nothing.';
