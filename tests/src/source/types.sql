-- Every type that a job board keeps, and values that have broken exports before.
create type mood as enum ('calm', 'très content', 'a "b" \c');
create domain rating as integer check (value > 0);
create domain label as text;
create type place as (city text, floor integer);

create table people (id uuid primary key, training_opt_out boolean);
insert into people
select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
  case when n % 10 = 0 then true when n % 7 = 0 then null else false end
from generate_series(1, 40) n;

create table every_type (
  key bigint primary key,
  person uuid references people (id),
  a_small smallint, an_integer integer, a_big bigint, a_numeric numeric, a_salary numeric(12, 2),
  a_real real, a_double double precision, a_boolean boolean,
  a_text text, a_varchar varchar(40), a_char char(5), a_name name, an_internal "char",
  a_uuid uuid, a_date date, a_time time, a_timetz timetz, a_timestamp timestamp, a_timestamptz timestamptz,
  an_interval interval, a_json json, a_jsonb jsonb, a_bytea bytea, an_inet inet, a_mood mood, a_rating rating,
  a_label label, a_place place, a_range int4range, a_point point, a_vector tsvector, an_oid oid, an_xid xid, a_bit bit(3),
  texts text[], smalls smallint[], integers integer[], bigs bigint[], booleans boolean[], uuids uuid[],
  numerics numeric[], doubles double precision[], dates date[], timestamps timestamptz[], moods mood[], labels label[],
  ratings rating[], jsons json[], jsonbs jsonb[], places place[], chars char(5)[], matrix text[][], shifted integer[]
);

insert into every_type (key) values (-9223372036854775808), (9223372036854775807);

insert into every_type (key, a_small, an_integer, a_big, a_numeric, a_salary, a_real, a_double) values
  (1, 32767, 2147483647, 9007199254740993, 12345678901234567890.12345, 40500.00, 1.5, 0.1),
  (2, -32768, -2147483648, -9223372036854775808, -0.00000000000000000001, -0.01, '-0', 1e300),
  (3, 0, 0, 9223372036854775807, 'NaN', 0, 'NaN', 'NaN'),
  (4, 1, 1, 1, 'Infinity', 1.10, 'Infinity', '-Infinity'),
  (5, 1, 1, 1, 1e30, 9999999999.99, 3.4e38, 5e-324);

insert into every_type (key, a_boolean, a_text, a_varchar, a_char, a_name, an_internal, a_mood, a_label) values
  (10, true, '', '', '', '', '', 'calm', ''),
  (11, false, 'quote " backslash \ slash / tick '' end', 'null', 'ab', 'true', 'x', 'a "b" \c', '{}'),
  (12, true, E'line\nbreak\r\ntab\tbell\u0007 one\u0001 two\u0002 delete\u007f next\u0085 bom\ufeff', E'\n', E'a\n', 'é', '\', 'très content', E'\u2028\u2029'),
  (13, false, '😀 e' || U&'\0301' || ' 日本語 👩‍👩‍👧 ' || U&'\+01F1E9\+01F1EA', '💼', '日本', '日本', '"', 'calm', '😀'),
  (14, null, repeat('long "text" with 日本 ' || E'\n', 100000), repeat('x', 40), 'abcde', repeat('n', 63), ' ', null, '\N'),
  (15, null, '\.', '\N', '\n', '[]', '0', null, '</script>'),
  (16, null, E'\\u0041 \\n \\', '123', '1', '1', '1', null, ' lead and trail ');

insert into every_type (key, a_uuid, a_date, a_time, a_timetz, a_timestamp, a_timestamptz, an_interval) values
  (20, '00000000-0000-0000-0000-000000000000', '2026-11-22', '23:59:59.999999', '23:59:59+05:30', '2026-11-22 10:00:00', '2026-11-22 10:00:00+02', '1 year 2 mons -3 days 04:05:06.789'),
  (21, 'FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF', '0044-03-15 BC', '00:00', '00:00+00', '0044-03-15 BC', '9999-12-31 23:59:59.999999+00', '-1 second'),
  (22, '123e4567-e89b-42d3-a456-426614174000', 'infinity', '24:00:00', '12:00-08', '-infinity', 'infinity', '0'),
  (23, null, '0001-01-01', '12:30:15.5', null, '2028-02-29 10:00:00.000001', '1969-12-31 23:59:59.5+00', '10000 hours');

insert into every_type (key, a_json, a_jsonb, a_bytea, an_inet, a_rating, a_place, a_range, a_point, a_vector, an_oid, an_xid, a_bit) values
  (30, E'{\n  "a": [1,\r\n 2],\n\t"a": 1.10, "big": 9007199254740993, "e": 1e400\n}', '{"b": {"c": [null, true, "x\ny"]}, "a": 12345678901234567890.12345}', '\x00ff0a', '10.0.0.1/8', 1, ('Köln "am Rhein"', 3), '[1,5)', '(1.5,-2)', 'a b:1', 7, '8', '101'),
  (31, 'null', 'null', '', '::1', 2, (null, null), 'empty', '(0,0)', '', 4294967295, '0', '000'),
  (32, '"\u0000 is kept as it is written"', '"😀"', '\x5c', null, 3, row('', 0), '(,)', null, null, null, null, null),
  (33, E'[\n]', '[]', null, null, null, null, null, null, null, null, null, null),
  (34, '  -0.0  ', '1e2', null, null, null, null, null, null, null, null, null, null);

insert into every_type (key, texts, smalls, integers, bigs, booleans, uuids, numerics, doubles, dates, timestamps, moods, labels, ratings, jsons, jsonbs, places, chars, matrix, shifted) values
  (40, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
  (41, array['rust', null, 'NULL', '', 'a,b', '{x}', 'q"q', E'n\nn', '\', '日本 😀'], '{1,null}', '{2147483647,-1}', '{9007199254740993,null}', '{t,f,null}',
   '{123e4567-e89b-42d3-a456-426614174000,null}', '{1.10,NaN,null,12345678901234567890.12345}', '{1.5,NaN,null}', '{2026-11-22,infinity,null}',
   '{"2026-11-22 10:00:00+02",null}', '{calm,"très content","a \"b\" \\c",null}', '{x,null}', '{1,2}',
   array[E'{\n"a":\n1}', 'null', null]::json[], array['{"a": 1.0}', 'null', null]::jsonb[], array[row('a', 1)::place, null], '{ab,c}',
   array[['a', 'b'], [null, 'd']], '[5:6]={1,2}'),
  (42, array_fill(repeat('s', 100), array[500]), null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   array_fill('x'::text, array[2, 3]), '[0:1][2:3]={{1,2},{3,4}}');

-- Enough for several pages of the gateway, with people who agreed, refused, said nothing, or are nobody.
insert into every_type (key, person, a_text, a_boolean)
select 1000 + n, case when n % 5 > 0 then ('00000000-0000-4000-8000-' || lpad((1 + n % 40)::text, 12, '0'))::uuid end,
  'row ' || n || case when n % 3 = 0 then E'\n"\\' else '' end, case when n % 4 = 0 then null else n % 4 = 1 end
from generate_series(1, 200) n;

create table by_uuid (key uuid primary key, person uuid not null references people (id), a_text text);
insert into by_uuid
select md5(n::text)::uuid, ('00000000-0000-4000-8000-' || lpad((1 + n % 40)::text, 12, '0'))::uuid, 'row ' || n
from generate_series(1, 150) n;

create table by_text (key text primary key, a_text text);
insert into by_text select key, key from unnest(array['a', 'B', '', 'a''b', '\', '"', 'é', '😀', E'n\nn', ' ', 'null', '1', '10', '9', 'a%b', '$$', '--']) key;

-- What must be refused.
create table repeated (key integer, a_text text);
insert into repeated values (1, 'a'), (1, 'b'), (null, 'c');
create table guarded (key integer primary key, a_text text);
insert into guarded values (1, 'a');
alter table guarded enable row level security;
create table unrelated (key integer primary key, a_text text);
create role reader login password 'only for the tests' nobypassrls;
grant select on every_type, guarded to reader;
grant select on every_type, by_uuid, by_text, people, repeated, guarded, unrelated to service_role;
