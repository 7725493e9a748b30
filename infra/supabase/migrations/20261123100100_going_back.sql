-- An operator's two decisions: an earlier version live again, or none at all. The ledger gets a line for each, so it
-- holds one line an event now instead of one a run, and says who decided.

alter table public.model_promotions
  add column if not exists event text not null default 'promoted',
  add column if not exists decided_by text,
  -- Of a version from before the bundle there is no run; behind a retirement there is no model.
  alter column run_id drop not null,
  alter column name drop not null,
  alter column model_id drop not null,
  alter column version drop not null,
  drop constraint if exists model_promotions_run_id_key,
  drop constraint if exists model_promotions_event_check,
  add constraint model_promotions_event_check check (
    case event
      when 'promoted' then name is not null and run_id is not null
      when 'put_live' then name is not null and decided_by is not null
      when 'retired' then name is null and previous is not null and decided_by is not null
      else false
    end);
-- A run promotes its model once. What operators decide of it later are events of their own.
create unique index if not exists model_promotions_promoted_key on public.model_promotions (run_id) where event = 'promoted';

comment on column public.model_promotions.event is
  'promoted: by its run; put_live: by an operator; retired: by an operator, none is live from here on.';
comment on column public.model_promotions.decided_by is 'The operator, as they wrote it; null where the run did it.';
comment on column public.model_promotions.name is 'Name of the model that went live; null where one was retired.';
comment on column public.model_promotions.run_id is 'The run that made it; null of a model from before the bundle, or of none.';
comment on column public.model_promotions.previous is 'Name of the model that was live until then, null for none.';
comment on column public.model_promotions.reason is 'Why.';
comment on column public.model_versions.retired_at is 'When it was live last: another row took its place, or an operator retired it.';

create or replace function public.put_model_version_live(
  p_name text,
  p_by text,
  p_reason text,
  p_provider_model text default null
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.model_versions;
  v_model text;
  v_previous text;
begin
  if coalesce(p_by, '') !~ '\S' or coalesce(p_reason, '') !~ '\S' or length(p_by) > 100 or length(p_reason) > 500
     or p_by || p_reason ~ '[[:cntrl:]]' then
    raise exception 'p_by (100 characters) and p_reason (500) say who decides and why, in one line each'
      using errcode = 'invalid_parameter_value';
  end if;
  if p_provider_model !~ '^[[:graph:]]{1,255}$' then
    raise exception 'p_provider_model must be 1 to 255 visible characters'
      using errcode = 'invalid_parameter_value';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('zion:model_versions', 0));
  select * into v_row from public.model_versions where name = p_name for update;
  if not found then
    raise exception 'there is no version %', p_name using errcode = 'no_data_found';
  end if;
  -- A version from before the bundle has no run, and its id is what the app has passed all along.
  v_model := coalesce(p_provider_model, v_row.provider_model,
    case when v_row.run_id is null and v_row.training_status = 'succeeded' then v_row.id end);

  if v_row.active then
    if v_model is distinct from v_row.id then
      raise exception '% is live already, as %: retire it before it gets another id', p_name, v_row.id
        using errcode = 'object_not_in_prerequisite_state';
    end if;
    -- A repeated call: the answer of the first time, from the ledger.
    select previous into v_previous from public.model_promotions where purpose = v_row.purpose order by id desc limit 1;
    return pg_catalog.json_build_object('id', v_row.id, 'name', v_row.name, 'purpose', v_row.purpose,
      'version', v_row.version, 'previous', v_previous, 'changed', false);
  end if;
  if v_row.purpose is null then
    raise exception '% has no purpose', p_name using errcode = 'object_not_in_prerequisite_state';
  end if;
  if v_model is null or (p_provider_model is null and v_row.training_status is distinct from 'succeeded') then
    raise exception '% was never live (its run is %): name the provider''s id of the model that it has trained',
      p_name, coalesce(v_row.training_status, 'unknown')
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  if exists (select from public.model_versions where id = v_model and name <> p_name) then
    raise exception '% is the id of another version', v_model using errcode = 'object_not_in_prerequisite_state';
  end if;

  update public.model_versions set active = false, retired_at = pg_catalog.now()
    where purpose = v_row.purpose and active
    returning name into v_previous;
  update public.model_versions
    set active = true, training_status = 'succeeded', id = v_model, provider_model = v_model,
        error_name = null, error_message = null, error_cause = null,
        promoted_at = coalesce(promoted_at, pg_catalog.now()), retired_at = null
    where name = p_name
    returning * into v_row;
  insert into public.model_promotions (event, purpose, name, model_id, version, run_id, previous, decided_by, reason)
  values ('put_live', v_row.purpose, v_row.name, v_row.id, v_row.version, v_row.run_id, v_previous, p_by, p_reason);
  return pg_catalog.json_build_object('id', v_row.id, 'name', v_row.name, 'purpose', v_row.purpose,
    'version', v_row.version, 'previous', v_previous, 'changed', true);
end
$$;
comment on function public.put_model_version_live is
  'Puts an earlier version live again, or one whose run has trained it and failed then: its model''s id must be given. A repeated call changes nothing.';

create or replace function public.retire_model_version(
  p_name text,
  p_by text,
  p_reason text
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.model_versions;
  v_last public.model_promotions;
  v_changed boolean := false;
begin
  if coalesce(p_by, '') !~ '\S' or coalesce(p_reason, '') !~ '\S' or length(p_by) > 100 or length(p_reason) > 500
     or p_by || p_reason ~ '[[:cntrl:]]' then
    raise exception 'p_by (100 characters) and p_reason (500) say who decides and why, in one line each'
      using errcode = 'invalid_parameter_value';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('zion:model_versions', 0));
  select * into v_row from public.model_versions where name = p_name for update;
  if not found then
    raise exception 'there is no version %', p_name using errcode = 'no_data_found';
  end if;
  if v_row.active then
    update public.model_versions set active = false, retired_at = pg_catalog.now()
      where name = p_name
      returning * into v_row;
    insert into public.model_promotions (event, purpose, previous, decided_by, reason)
    values ('retired', v_row.purpose, v_row.name, p_by, p_reason);
    v_changed := true;
  else
    select * into v_last from public.model_promotions where purpose = v_row.purpose order by id desc limit 1;
    if v_last.event is distinct from 'retired' or v_last.previous <> p_name then
      raise exception '% is not live', p_name using errcode = 'object_not_in_prerequisite_state';
    end if;
  end if;
  return pg_catalog.json_build_object('name', v_row.name, 'purpose', v_row.purpose, 'changed', v_changed);
end
$$;
comment on function public.retire_model_version is
  'Takes the live version out of service: none is live for its purpose then. A repeated call changes nothing.';

-- As before, but for two lines: a replay answers the run's first event, since there may be more; and a run that was slow
-- stays behind a newer version even when an operator has retired that one, or gone back to an earlier one.
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
    -- People may have opted out since it was slower than a newer one.
    if exists (select from public.model_versions
               where purpose = v_row.purpose and family = v_row.family and version > v_row.version
                 and promoted_at is not null) then
      raise exception 'a newer version of % has been live: run % stays unused', v_row.family, p_run_id
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
    select previous into v_previous from public.model_promotions where run_id = p_run_id order by id limit 1;
  end if;
  return pg_catalog.json_build_object(
    'id', v_row.id, 'name', v_row.name, 'purpose', v_row.purpose, 'version', v_row.version,
    'previous', v_previous);
end
$$;

revoke all on function public.put_model_version_live(text, text, text, text) from public, anon, authenticated;
grant execute on function public.put_model_version_live(text, text, text, text) to service_role;
revoke all on function public.retire_model_version(text, text, text) from public, anon, authenticated;
grant execute on function public.retire_model_version(text, text, text) to service_role;
