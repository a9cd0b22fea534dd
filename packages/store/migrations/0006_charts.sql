-- What people decided about proposed tank charts. A view: built again from the log's desk entries.
create table chart_decision (
  county integer not null,
  position bigint not null,              -- the desk entry
  site text not null,
  tank text not null,
  accepted boolean not null,
  effective_at bigint not null,          -- an accepted chart holds from here on
  actor text not null,
  reason text not null,
  stated_at bigint not null,
  document jsonb not null,               -- the decision, with the rows of the chart
  primary key (county, position)
);
create index chart_decision_site on chart_decision (county, site, position desc);
