-- What a signed-in person of the app may read of model_versions: what the app shows, and when. Costs, the provider's ids,
-- the bucket's address and what an operator wrote are the service role's.

alter table public.model_versions add column if not exists error_cause text;
comment on column public.model_versions.error_cause is
  'What error_message leaves out: who refused the run, and why. Null where error_message says everything.';

revoke select on public.model_versions from authenticated;
grant select (id, name, family, version, purpose, base_model, active, training_status, error_name, error_message,
    created_at, promoted_at, retired_at, base_shutdown_date) on public.model_versions to authenticated;

update public.model_versions
  set error_cause = error_message, error_message = 'an operator refused it, and nothing was spent'
  where error_name = 'ApprovalRefused' and error_cause is null;

-- As before, but for what an operator wrote: the run and the operators are answered it, the app is not.
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
          error_message = case when p_error = 'ApprovalRefused'
            then 'an operator refused it, and nothing was spent' else left(coalesce(p_cause, ''), 2000) end,
          error_cause = case when p_error = 'ApprovalRefused' then left(coalesce(p_cause, ''), 2000) end
      where run_id = p_run_id
      returning * into v_row;
  end if;
  if v_row.training_status = 'failed' then
    return pg_catalog.json_build_object('error', coalesce(v_row.error_name, 'Internal'),
      'cause', coalesce(v_row.error_cause, v_row.error_message, ''));
  end if;
  return pg_catalog.json_build_object('error', p_error, 'cause', p_cause);
end
$$;
