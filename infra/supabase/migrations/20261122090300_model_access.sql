-- Who may do what. New tables get no automatic grants and older projects grant everything, so both are set
-- here in full: taken away first, then given one by one.

revoke all on public.model_versions, public.model_promotions, public.model_usage_logs from public, anon, authenticated;
revoke all on public.model_promotions from service_role;

alter table public.model_versions enable row level security;
alter table public.model_promotions enable row level security;
alter table public.model_usage_logs enable row level security;

-- The app asks for the live model's id before anyone has signed in: those columns, live rows only.
grant select (id, name, version, purpose, active) on public.model_versions to anon;
grant select on public.model_versions to authenticated, service_role;
drop policy if exists model_versions_live on public.model_versions;
create policy model_versions_live on public.model_versions for select to anon using (active);
drop policy if exists model_versions_read on public.model_versions;
create policy model_versions_read on public.model_versions for select to authenticated using (true);

-- The ledger is written by promote_model_version alone.
grant select on public.model_promotions to service_role;

-- The app logs a call as its user or as the service role; a user logs and sees nobody else's.
grant select, insert on public.model_usage_logs to authenticated, service_role;
drop policy if exists model_usage_logs_insert on public.model_usage_logs;
create policy model_usage_logs_insert on public.model_usage_logs for insert to authenticated
  with check (user_id is null or user_id::text = (select auth.uid())::text);
drop policy if exists model_usage_logs_read on public.model_usage_logs;
create policy model_usage_logs_read on public.model_usage_logs for select to authenticated
  using (user_id::text = (select auth.uid())::text);

-- Every function of a schema is executable by all unless taken back.
do $$
declare
  f regprocedure;
begin
  foreach f in array array[
    'public.register_model_version(text, text, text, text, text, date)',
    'public.start_model_version(text, text, text, text)',
    'public.fail_model_version(text, text, text)',
    'public.promote_model_version(text, text, jsonb, text)'
  ]::regprocedure[] loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
  revoke all on function public.refuse_ledger_change() from public, anon, authenticated;
end
$$;
