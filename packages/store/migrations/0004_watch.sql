-- Watch: alarms, and what rules remember. Thrown away and built again from the log like every view.

create table alarm (
  county integer not null,
  alarm integer not null,                -- number in the order in which alarms were raised
  rule text not null,
  subject text not null,
  site text not null,
  grade smallint not null,               -- 0 red, 1 orange, 2 yellow, 3 blue
  handling text not null,                -- waiting, accepted, checking, answered, closed, false
  active boolean not null,               -- the cause is present
  open boolean not null,                 -- active, or people have not finished with it
  suppressed boolean not null,
  opened_at bigint not null,
  opened_logged_at bigint not null,
  opened_position bigint not null,
  last_seen_at bigint not null,
  count integer not null,
  shelved_until bigint,
  sentence_zh text not null,
  sentence_en text not null,
  document jsonb not null,               -- the whole alarm
  primary key (county, alarm)
);
-- Exactly one open alarm of a cause, whatever happens.
create unique index alarm_cause on alarm (county, rule, subject) where open;
create index alarm_open on alarm (county, alarm desc) where open;
create index alarm_site on alarm (county, site, alarm desc);
create index alarm_rule on alarm (county, rule, alarm desc);

create table alarm_step (
  county integer not null,
  alarm integer not null,
  step integer not null,
  position bigint not null,              -- entry of the log that caused it
  at bigint not null,
  what text not null,
  actor text not null,
  note text not null,
  primary key (county, alarm, step)
);

create table watch_state (
  county integer not null,
  rule text not null,
  version integer not null,
  subject text not null,
  state jsonb not null,
  wake_at bigint,
  verdict text not null,
  primary key (county, rule, subject)
);

create table watch_channel (
  county integer not null,
  device text not null,
  channel smallint not null,
  document jsonb not null,               -- what was counted, told and held back; apps/server/src/watch/channels.ts
  primary key (county, device, channel)
);

-- What people registered and declared, as far as rules need it over time.
create table watch_registration (
  county integer not null,
  site text not null,
  effective_at bigint not null,
  document jsonb not null,
  primary key (county, site, effective_at)
);
create table watch_device (
  county integer not null,
  device text not null,
  site text not null,
  primary key (county, device)
);
create table rule_setting (
  county integer not null,
  position bigint not null,
  rule text not null,
  site text not null,                    -- empty: the county
  valid_from bigint not null,
  setting_values jsonb not null,
  actor text not null,
  reason text not null,
  stated_at bigint not null,
  primary key (county, position)
);
create table delivery_notice (
  county integer not null,
  notice text not null,
  position bigint not null,
  site text not null,
  expected_at bigint not null,
  actor text not null,
  stated_at bigint not null,
  document jsonb not null,
  primary key (county, notice)
);
create index delivery_notice_time on delivery_notice (county, expected_at);
create table quiet_window (
  county integer not null,
  quiet_window text not null,
  position bigint not null,
  site text not null,
  to_at bigint not null,
  actor text not null,
  stated_at bigint not null,
  document jsonb not null,
  primary key (county, quiet_window)
);
create table watch_clock (
  county integer primary key,
  log_time bigint not null,
  failing jsonb not null
);
