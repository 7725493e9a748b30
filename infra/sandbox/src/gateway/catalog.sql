SELECT json_build_object(
  'tables', (
    SELECT coalesce(json_object_agg(c.relname, json_build_object(
      'columns', (
        SELECT coalesce(json_object_agg(a.attname, json_build_object(
          'type', format_type(a.atttypid, a.atttypmod),
          'format', format_type(coalesce(nullif(y.typbasetype, 0), a.atttypid), null),
          'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END) ORDER BY a.attnum), '{}')
        FROM pg_attribute a
        JOIN pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      'primary_key', (
        SELECT coalesce(json_agg(a.attname ORDER BY u.o), '[]')
        FROM pg_constraint k
        CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY u (n, o)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n
        WHERE k.conrelid = c.oid AND k.contype = 'p'))), '{}')
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')),
  'keys', (
    SELECT coalesce(json_agg(json_build_object(
      'name', k.conname, 'table', s.relname, 'target', t.relname,
      'on', (
        SELECT json_agg(json_build_array(a.attname, b.attname) ORDER BY u.o)
        FROM unnest(k.conkey, k.confkey) WITH ORDINALITY u (n, m, o)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.m))), '[]')
    FROM pg_constraint k
    JOIN pg_class s ON s.oid = k.conrelid
    JOIN pg_class t ON t.oid = k.confrelid
    WHERE k.contype = 'f' AND s.relnamespace = 'public'::regnamespace
      AND t.relnamespace = 'public'::regnamespace),
  'functions', (
    SELECT coalesce(json_agg(json_build_object(
      'name', p.proname,
      'set', p.proretset,
      'kind', CASE
        WHEN p.prorettype = 'void'::regtype THEN 'void'
        WHEN p.prorettype = 'record'::regtype OR r.typtype = 'c' THEN 'row'
        ELSE 'scalar' END,
      'required', p.pronargs - p.pronargdefaults,
      'args', (
        SELECT coalesce(json_agg(json_build_array(coalesce(p.proargnames[x.o], ''), format_type(x.t, -1)) ORDER BY x.o), '[]')
        FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY x (t, o)
        WHERE coalesce(p.proargmodes[x.o], 'i') IN ('i', 'b', 'v')))), '[]')
    FROM pg_proc p
    JOIN pg_type r ON r.oid = p.prorettype
    WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND r.typname NOT IN ('trigger', 'event_trigger'))
)::text
