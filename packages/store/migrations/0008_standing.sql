-- Registrations that hold from a later moment wait beside the one in force, oldest first.
alter table site add column coming jsonb not null default '[]';

-- Whether the registration in force names it: what was taken away stays in the statistics, but is no stock and breaks no line.
alter table tank add column standing boolean not null default true;
alter table nozzle add column standing boolean not null default true;

update tank t set standing = exists (
  select from site s, jsonb_array_elements(s.document->'tanks') d
  where s.county = t.county and s.site_id = t.site_id and d->>'tank' = t.tank);
update nozzle n set standing = case when n.arm
  then exists (
    select from site s, jsonb_array_elements(s.document->'arms') a
    where s.county = n.county and s.site_id = n.site_id and a->>'arm' = n.nozzle)
  else exists (
    select from site s, jsonb_array_elements(s.document->'dispensers') d, jsonb_array_elements(d->'nozzles') p
    where s.county = n.county and s.site_id = n.site_id and p->>'nozzle' = n.nozzle)
  end;
