-- A base model's end is announced while models tuned from it are live. Whoever looks at a row sees until when it answers.

create or replace function public.note_base_shutdown(
  p_base_model text,
  p_provider text,
  p_base_shutdown_date date
) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_changed integer;
begin
  if p_base_model is null or p_provider is null then
    raise exception 'p_base_model and p_provider are needed' using errcode = 'invalid_parameter_value';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('zion:model_versions', 0));
  update public.model_versions
    set base_shutdown_date = p_base_shutdown_date
    where base_model = p_base_model and provider = p_provider
      and training_status <> 'failed' and base_shutdown_date is distinct from p_base_shutdown_date;
  get diagnostics v_changed = row_count;
  return pg_catalog.json_build_object('changed', v_changed);
end
$$;
comment on function public.note_base_shutdown is
  'Writes the day a base model is shut down, or that none is announced any more, to its versions; answers how many changed.';

revoke all on function public.note_base_shutdown(text, text, date) from public, anon, authenticated;
grant execute on function public.note_base_shutdown(text, text, date) to service_role;
