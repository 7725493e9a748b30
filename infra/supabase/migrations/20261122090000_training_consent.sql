-- Consent columns for the tables a run reads. A table the app does not have is left out, a column it already
-- has is kept as it is.

do $$
begin
  -- People: nobody has opted out until they say so; the column cannot be null, so an answer always exists.
  if to_regclass('public.profiles') is not null then
    alter table public.profiles add column if not exists training_opt_out boolean not null default false;
    comment on column public.profiles.training_opt_out is
      'True: nothing this person wrote, owns or is described by may train a model.';
  end if;

  -- Conversations: many have no profile, and older rows were never asked. Null is read as "left out".
  if to_regclass('public.support_logs') is not null then
    alter table public.support_logs add column if not exists training_opt_out boolean;
    comment on column public.support_logs.training_opt_out is
      'False: may train a model. True or null: left out.';
  end if;
end
$$;
