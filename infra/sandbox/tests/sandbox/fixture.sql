create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
grant usage on schema public to anon, authenticated, service_role;
create table profiles (
  id uuid primary key, full_name text, training_opt_out boolean not null default false);
create table job_posts (
  id bigint generated always as identity primary key,
  owner_id uuid not null references profiles (id),
  title text, salary numeric(12, 2), currency char(3), skills text[], extra jsonb,
  updated_at timestamptz not null default '2025-01-01');
create table no_grant (id int primary key);
create table own_rows (id int primary key, subject text);
create table model_versions (
  name text primary key, version int not null default 1, active boolean not null default false, note text);
alter table own_rows enable row level security;
create policy own on own_rows for select to authenticated
  using (subject = current_setting('request.jwt.claims', true)::json ->> 'sub');
grant select on profiles, job_posts to service_role;
grant select on own_rows to authenticated, service_role;
grant select, insert, update, delete on model_versions to service_role;
insert into profiles
  select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'Person ' || n, n % 5 = 0
  from generate_series(1, 10) n;
insert into job_posts (owner_id, title, salary, currency, skills, extra)
  select ('00000000-0000-0000-0000-' || lpad((1 + n % 10)::text, 12, '0'))::uuid, 'Post, ' || n,
    40500.10, 'EUR', array['a', 'b' || n], '{"n": 12345678901234567890.12345}'
  from generate_series(1, 1500) n;
insert into own_rows values (1, 'u1'), (2, 'u2');
create function add_up(p_a int, p_b int default 1) returns int language sql as 'select p_a + p_b';
create function make_version(p_name text, p_note text) returns model_versions language sql as
  'insert into model_versions (name, note) values (p_name, p_note) returning *';
create function some_posts(p_below bigint) returns setof job_posts language sql stable as
  'select * from job_posts where id < p_below order by id';
create function as_json(p_words jsonb) returns json language sql as
  $$ select json_build_object('words', p_words, 'n', 1.10) $$;
create function nothing() returns void language sql as 'select null';
create function refuse() returns void language plpgsql as $$ begin raise exception 'not today'; end $$;
create function slow() returns void language sql as 'select pg_sleep(20)';
grant execute on all functions in schema public to service_role;
