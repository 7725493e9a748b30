-- What was trained, what is live, and what its use costs. An app that already has `model_versions` or
-- `model_usage_logs` keeps its rows and its queries: missing columns are added, and no row or column is dropped. What changes
-- in them is said in infra/supabase/README.md.

create table if not exists public.model_versions (
  name text primary key,
  id text not null,
  family text not null,
  version integer not null,
  purpose text not null,
  base_model text,
  active boolean not null default false,
  training_status text not null default 'queued',
  error_message text,
  created_at timestamptz not null default now()
);

alter table public.model_versions
  add column if not exists version integer,
  add column if not exists purpose text,
  add column if not exists base_model text,
  add column if not exists active boolean not null default false,
  add column if not exists training_status text,
  add column if not exists error_message text,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists name text,
  add column if not exists family text,
  add column if not exists error_name text,
  add column if not exists provider text,
  add column if not exists provider_model text,
  add column if not exists job_id text,
  add column if not exists run_id text,
  add column if not exists dataset_sha256 text,
  add column if not exists manifest_uri text,
  add column if not exists metrics jsonb not null default '{}',
  add column if not exists base_shutdown_date date,
  add column if not exists promoted_at timestamptz,
  add column if not exists retired_at timestamptz;

-- An app's own table may keep ids as uuid or number, and versions as text, where 'v10' sorts before 'v2'.
do $$
declare
  v_keys text;
begin
  if (select atttypid <> 'text'::regtype from pg_attribute
      where attrelid = 'public.model_versions'::regclass and attname = 'id') then
    -- A key of another table keeps the type of what it points to: that is the app's to change.
    select string_agg(format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname), '; ') into v_keys
      from pg_constraint c join pg_attribute a on a.attrelid = c.confrelid and a.attnum = any (c.confkey)
      where c.contype = 'f' and c.confrelid = 'public.model_versions'::regclass and a.attname = 'id';
    if v_keys is not null then
      raise exception 'model_versions.id becomes text, and foreign keys stand in the way'
        using errcode = 'dependent_objects_still_exist',
          hint = format('Run "%s", apply the migrations again, and make the columns that pointed there text.', v_keys);
    end if;
    alter table public.model_versions alter column id drop identity if exists;
    alter table public.model_versions alter column id drop default, alter column id type text using id::text;
  end if;
  if (select atttypid <> 'integer'::regtype from pg_attribute
      where attrelid = 'public.model_versions'::regclass and attname = 'version') then
    if not exists (select from public.model_versions where version::text !~ '^[vV]?[0-9]{1,9}$') then
      alter table public.model_versions alter column version drop default,
        alter column version type integer using coalesce(ltrim(version::text, 'vV'), '0')::integer;
    else
      -- 'v1.10' is no number. All are counted anew by age, within their purpose, and the texts are kept.
      alter table public.model_versions rename column version to version_text;
      alter table public.model_versions alter column version_text drop default, alter column version_text drop not null,
        add column version integer;
      comment on column public.model_versions.version_text is 'What the app called the version before the bundle came.';
      update public.model_versions m set version = counted.number
        from (select id, row_number() over (
                partition by purpose order by coalesce(created_at, '-infinity'), version_text, id)::integer as number
              from public.model_versions) counted
        where counted.id = m.id;
    end if;
  end if;
end
$$;

-- Rows from before: each is its own family, so a new family starts at version 1 beside it.
update public.model_versions set name = coalesce(name, id), family = coalesce(family, id)
  where name is null or family is null;
-- The app's query serves the newest active row: only that one stays active.
update public.model_versions m set active = false, retired_at = coalesce(m.retired_at, now())
  where m.active and exists (
    select from public.model_versions n
    where n.active and n.purpose = m.purpose
      and (coalesce(n.version, 0), coalesce(n.created_at, '-infinity'), n.name)
        > (coalesce(m.version, 0), coalesce(m.created_at, '-infinity'), m.name));

alter table public.model_versions
  alter column name set not null,
  alter column family set not null,
  drop constraint if exists model_versions_training_status_check,
  add constraint model_versions_training_status_check
    check (training_status in ('queued', 'running', 'succeeded', 'failed'));

create unique index if not exists model_versions_name_key on public.model_versions (name);
create unique index if not exists model_versions_id_key on public.model_versions (id);
create unique index if not exists model_versions_run_id_key on public.model_versions (run_id);
create unique index if not exists model_versions_family_version_key on public.model_versions (family, version);
create unique index if not exists model_versions_one_active on public.model_versions (purpose) where active;

comment on table public.model_versions is 'One row a training run; at most one active row a purpose.';
comment on column public.model_versions.name is 'Family and version, such as zion-job-generator-v1.';
comment on column public.model_versions.id is
  'What the app passes to the provider as the model: the name until trained, then the provider''s model id.';
comment on column public.model_versions.family is 'Model family, the recipe''s name; versions count within it.';
comment on column public.model_versions.version is 'Version within the family: 1, 2, 3, …';
comment on column public.model_versions.purpose is 'The feature it serves: job, resume, support, seo or general.';
comment on column public.model_versions.base_model is 'The model that was tuned, as the provider names it.';
comment on column public.model_versions.active is 'True: live for its purpose.';
comment on column public.model_versions.training_status is 'queued, running, succeeded or failed.';
comment on column public.model_versions.error_name is 'The first failure''s name, as the workflow''s Catch sees it.';
comment on column public.model_versions.error_message is 'The first failure in words an operator can act on.';
comment on column public.model_versions.created_at is 'When the run was registered.';
comment on column public.model_versions.provider is 'The provider adapter that trains it.';
comment on column public.model_versions.provider_model is 'The provider''s id of the tuned model.';
comment on column public.model_versions.job_id is 'The provider''s id of the training job.';
comment on column public.model_versions.run_id is 'The execution''s name: the run''s key everywhere.';
comment on column public.model_versions.dataset_sha256 is 'SHA-256 of the run''s manifest, in hexadecimal: it binds every file of the dataset.';
comment on column public.model_versions.manifest_uri is 's3:// address of the run''s manifest.';
comment on column public.model_versions.metrics is 'Figures of the run: examples, tokens, cost, evaluation.';
comment on column public.model_versions.base_shutdown_date is 'The day the base model is switched off, if known.';
comment on column public.model_versions.promoted_at is 'When it went live first; null if never.';
comment on column public.model_versions.retired_at is 'When another row of the purpose took its place.';

-- No foreign key: the ledger outlives the row it tells about.
create table if not exists public.model_promotions (
  id bigint generated always as identity primary key,
  purpose text not null,
  name text not null,
  model_id text not null,
  version integer not null,
  run_id text not null unique,
  previous text,
  reason text not null,
  promoted_at timestamptz not null default now()
);
create index if not exists model_promotions_purpose_idx on public.model_promotions (purpose, promoted_at desc);

comment on table public.model_promotions is
  'Append-only: which model was live for a purpose from when, and why. A model was live until the purpose''s next line.';
comment on column public.model_promotions.purpose is 'The feature it went live for.';
comment on column public.model_promotions.name is 'Name of the model that went live.';
comment on column public.model_promotions.model_id is 'The provider''s id of it.';
comment on column public.model_promotions.version is 'Its version within the family.';
comment on column public.model_promotions.run_id is 'The run that made it: promoted once.';
comment on column public.model_promotions.previous is 'Name of the model it replaced, null for the first.';
comment on column public.model_promotions.reason is 'Why it was promoted.';
comment on column public.model_promotions.promoted_at is 'When.';

create or replace function public.refuse_ledger_change() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'model_promotions is append-only: % is refused', lower(tg_op)
    using errcode = 'insufficient_privilege', hint = 'Promote another model instead: it adds a line.';
end
$$;
-- A statement trigger, so that a change that meets no row is refused as well.
create or replace trigger model_promotions_append_only
  before update or delete or truncate on public.model_promotions
  for each statement execute function public.refuse_ledger_change();

create table if not exists public.model_usage_logs (
  id bigint generated always as identity primary key,
  model_id text,
  tokens_used integer,
  cost numeric,
  feature text,
  user_id uuid,
  "timestamp" timestamptz not null default now()
);
alter table public.model_usage_logs
  add column if not exists model_id text,
  add column if not exists tokens_used integer,
  add column if not exists cost numeric,
  add column if not exists feature text,
  add column if not exists user_id uuid,
  add column if not exists "timestamp" timestamptz not null default now();
-- As model_versions.id.
do $$
declare
  v_keys text;
begin
  if (select atttypid <> 'text'::regtype from pg_attribute
      where attrelid = 'public.model_usage_logs'::regclass and attname = 'model_id') then
    select string_agg(format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname), '; ') into v_keys
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
      where c.contype = 'f' and c.conrelid = 'public.model_usage_logs'::regclass and a.attname = 'model_id';
    if v_keys is not null then
      raise exception 'model_usage_logs.model_id becomes text, and a foreign key stands in the way'
        using errcode = 'dependent_objects_still_exist',
          hint = format('Run "%s" and apply the migrations again.', v_keys);
    end if;
    alter table public.model_usage_logs alter column model_id drop default, alter column model_id type text using model_id::text;
  end if;
end
$$;
create index if not exists model_usage_logs_model_idx on public.model_usage_logs (model_id, "timestamp");

comment on table public.model_usage_logs is 'One line a call of a model by the app.';
comment on column public.model_usage_logs.model_id is 'model_versions.id at the time of the call.';
comment on column public.model_usage_logs.tokens_used is 'Prompt and completion tokens together.';
comment on column public.model_usage_logs.cost is 'US dollars.';
comment on column public.model_usage_logs.feature is 'The app''s feature that called.';
comment on column public.model_usage_logs.user_id is 'The person who used it, if signed in.';
comment on column public.model_usage_logs."timestamp" is 'When.';
