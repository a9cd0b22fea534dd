-- Made from the migrations; see packages/store/test/schema.test.ts. Do not edit.

create table alarm (
  county integer not null,
  alarm integer not null,
  rule text not null,
  subject text not null,
  site text not null,
  grade smallint not null,
  handling text not null,
  active boolean not null,
  open boolean not null,
  suppressed boolean not null,
  opened_at bigint not null,
  opened_logged_at bigint not null,
  opened_position bigint not null,
  last_seen_at bigint not null,
  count integer not null,
  shelved_until bigint,
  sentence_zh text not null,
  sentence_en text not null,
  document jsonb not null,
  constraint alarm_pkey PRIMARY KEY (county, alarm)
);
CREATE INDEX alarm_open ON public.alarm USING btree (county, alarm DESC) WHERE open;
CREATE INDEX alarm_rule ON public.alarm USING btree (county, rule, alarm DESC);
CREATE INDEX alarm_site ON public.alarm USING btree (county, site, alarm DESC);
CREATE UNIQUE INDEX alarm_cause ON public.alarm USING btree (county, rule, subject) WHERE open;

create table alarm_step (
  county integer not null,
  alarm integer not null,
  step integer not null,
  position bigint not null,
  at bigint not null,
  what text not null,
  actor text not null,
  note text not null,
  constraint alarm_step_pkey PRIMARY KEY (county, alarm, step)
);

create table channel_state (
  county integer not null,
  device text not null,
  channel smallint not null,
  site text not null,
  first_received_at bigint,
  last_received_at bigint,
  last_at bigint,
  last_seq bigint not null,
  records bigint not null,
  refused bigint not null,
  faults jsonb not null,
  islands jsonb not null,
  revoked_at bigint,
  constraint channel_state_pkey PRIMARY KEY (county, device, channel)
);

create table chart_decision (
  county integer not null,
  position bigint not null,
  site text not null,
  tank text not null,
  accepted boolean not null,
  effective_at bigint not null,
  actor text not null,
  reason text not null,
  stated_at bigint not null,
  document jsonb not null,
  constraint chart_decision_pkey PRIMARY KEY (county, "position")
);
CREATE INDEX chart_decision_site ON public.chart_decision USING btree (county, site, "position" DESC);

create table checkpoint (
  county integer not null,
  size bigint not null,
  root bytea not null,
  note text not null,
  signed_at bigint not null,
  constraint checkpoint_pkey PRIMARY KEY (county, size)
);

create table delivery (
  county integer not null,
  position bigint not null,
  seq bigint not null,
  site_id integer not null,
  tank_id integer not null,
  started_at bigint not null,
  ended_at bigint not null,
  start_ml bigint not null,
  end_ml bigint not null,
  start_um integer not null,
  end_um integer not null,
  start_cc integer not null,
  end_cc integer not null,
  constraint delivery_pkey PRIMARY KEY (county, "position", seq)
);
CREATE INDEX delivery_site ON public.delivery USING btree (county, site_id, ended_at);
CREATE INDEX delivery_time ON public.delivery USING btree (county, ended_at);

create table delivery_notice (
  county integer not null,
  notice text not null,
  position bigint not null,
  site text not null,
  expected_at bigint not null,
  actor text not null,
  stated_at bigint not null,
  document jsonb not null,
  withdrawn jsonb,
  constraint delivery_notice_pkey PRIMARY KEY (county, notice)
);
CREATE INDEX delivery_notice_time ON public.delivery_notice USING btree (county, expected_at);

create table device (
  county integer not null,
  device text not null,
  site text not null,
  token_hash bytea not null,
  enrolled_at bigint not null,
  constraint device_pkey PRIMARY KEY (county, device)
);

create table device_key (
  county integer not null,
  device text not null,
  channel smallint not null,
  key_id text not null,
  algorithm text not null,
  public_key bytea not null,
  from_seq bigint not null,
  to_seq bigint,
  constraint device_key_pkey PRIMARY KEY (county, device, channel, key_id)
);

create table enrol_code (
  code_hash bytea not null,
  county integer not null,
  device text not null,
  site text not null,
  expires_at bigint not null,
  used_at bigint,
  constraint enrol_code_pkey PRIMARY KEY (code_hash)
);

create table follower_cursor (
  county integer not null,
  follower text not null,
  next_position bigint not null default 0,
  constraint follower_cursor_pkey PRIMARY KEY (county, follower)
);

create table gap (
  county integer not null,
  device text not null,
  channel smallint not null,
  first_seq bigint not null,
  last_seq bigint not null,
  missing bigint not null,
  opened_at bigint not null,
  filled_at bigint,
  constraint gap_pkey PRIMARY KEY (county, device, channel, first_seq)
);
CREATE INDEX gap_open ON public.gap USING btree (county, device, channel) WHERE (missing > 0);

create table level (
  county integer not null,
  position bigint not null,
  seq bigint not null,
  site_id integer not null,
  tank_id integer not null,
  at bigint not null,
  height_um integer not null,
  water_um integer not null,
  temperature_cc integer not null,
  volume_ml bigint not null,
  corrected_ml bigint not null,
  ullage_ml bigint not null,
  status integer not null
);
CREATE INDEX level_time ON public.level USING brin (county, at) WITH (pages_per_range='16', autosummarize='on');

create table log_entry (
  county integer not null,
  position bigint not null,
  type smallint not null,
  received_at bigint not null,
  device text,
  channel smallint,
  first_seq bigint,
  last_seq bigint,
  code text,
  leaf bytea not null,
  raw bytea storage external not null,
  made_from bigint,
  made_to bigint,
  constraint log_entry_pkey PRIMARY KEY (county, "position")
);
CREATE INDEX log_entry_desk ON public.log_entry USING btree (county, "position") WHERE (type = 2);
CREATE INDEX log_entry_made ON public.log_entry USING btree (county, device, made_to) WHERE (type = 0);
CREATE INDEX log_entry_refusal ON public.log_entry USING btree (county, "position") WHERE (type = 1);
CREATE INDEX log_entry_stream ON public.log_entry USING btree (county, device, channel, first_seq) WHERE (device IS NOT NULL);

create table log_head (
  county integer not null,
  next_position bigint not null default 0,
  owner_epoch bigint not null default 0,
  constraint log_head_pkey PRIMARY KEY (county)
);

create table nozzle (
  county integer not null,
  nozzle_id integer not null,
  site_id integer not null,
  dispenser text not null,
  nozzle text not null,
  arm boolean not null default false,
  standing boolean not null default true,
  constraint nozzle_county_site_id_nozzle_arm_key UNIQUE (county, site_id, nozzle, arm),
  constraint nozzle_pkey PRIMARY KEY (county, nozzle_id)
);

create table nozzle_link (
  county integer not null,
  nozzle_id integer not null,
  valid_from bigint not null,
  tank_id integer not null,
  grade smallint not null,
  constraint nozzle_link_pkey PRIMARY KEY (county, nozzle_id, valid_from)
);

create table nozzle_state (
  county integer not null,
  nozzle_id integer not null,
  site_id integer not null,
  flow_at bigint,
  flow_seq bigint,
  flow text,
  running_ml bigint,
  price_at bigint,
  price_seq bigint,
  price_fen integer,
  sale_at bigint,
  sale_seq bigint,
  sale_ml bigint,
  total_at bigint,
  total_seq bigint,
  total_ml bigint,
  line_at bigint,
  line_seq bigint,
  line text,
  constraint nozzle_state_pkey PRIMARY KEY (county, nozzle_id)
);

create table other_fact (
  county integer not null,
  position bigint not null,
  seq bigint not null,
  site_id integer not null,
  device text not null,
  channel smallint not null,
  kind text not null,
  subject text not null,
  at bigint not null,
  notable boolean not null,
  body jsonb not null,
  constraint other_fact_pkey PRIMARY KEY (county, "position", seq)
);
CREATE INDEX other_fact_notable ON public.other_fact USING btree (county, at) WHERE notable;
CREATE INDEX other_fact_site ON public.other_fact USING btree (county, site_id, kind, at);

create table price (
  county integer not null,
  nozzle_id integer not null,
  at bigint not null,
  position bigint not null,
  seq bigint not null,
  price_fen integer not null,
  constraint price_pkey PRIMARY KEY (county, nozzle_id, at, "position", seq)
);

create table quiet_window (
  county integer not null,
  quiet_window text not null,
  position bigint not null,
  site text not null,
  to_at bigint not null,
  actor text not null,
  stated_at bigint not null,
  document jsonb not null,
  withdrawn jsonb,
  constraint quiet_window_pkey PRIMARY KEY (county, quiet_window)
);

create table receipt (
  county integer not null,
  position bigint not null,
  seq bigint not null,
  site_id integer not null,
  nozzle_id integer not null,
  grade smallint not null,
  at bigint not null,
  volume_ml bigint not null,
  amount_fen bigint not null,
  price_fen integer not null,
  total_ml bigint not null,
  total_fen bigint not null,
  board_time text not null
);
CREATE INDEX receipt_site ON public.receipt USING btree (county, site_id, at);
CREATE INDEX receipt_time ON public.receipt USING brin (county, at) WITH (pages_per_range='16', autosummarize='on');

create table refused_record (
  county integer not null,
  position bigint not null,
  seq bigint not null,
  device text not null,
  channel smallint not null,
  at bigint,
  code text not null,
  detail text not null,
  constraint refused_record_pkey PRIMARY KEY (county, "position", seq)
);
CREATE INDEX refused_record_code ON public.refused_record USING btree (county, code, "position");

create table rule_setting (
  county integer not null,
  position bigint not null,
  rule text not null,
  site text not null,
  valid_from bigint not null,
  setting_values jsonb not null,
  actor text not null,
  reason text not null,
  stated_at bigint not null,
  constraint rule_setting_pkey PRIMARY KEY (county, "position")
);

create table sale (
  county integer not null,
  position bigint not null,
  seq bigint not null,
  site_id integer not null,
  nozzle_id integer not null,
  grade smallint not null,
  ended_at bigint not null,
  started_at bigint not null,
  volume_ml bigint not null,
  total_ml bigint not null,
  price_fen integer,
  amount_fen bigint,
  source smallint not null
);
CREATE INDEX sale_place ON public.sale USING brin (county, "position") WITH (pages_per_range='16', autosummarize='on');
CREATE INDEX sale_site ON public.sale USING btree (county, site_id, ended_at);

create table sales_day (
  county integer not null,
  day integer not null,
  nozzle_id integer not null,
  grade smallint not null,
  site_id integer not null,
  sales integer not null,
  volume_ml bigint not null,
  amount_fen bigint not null,
  unpriced_sales integer not null,
  unpriced_ml bigint not null,
  board_sales integer not null,
  board_ml bigint not null,
  board_fen bigint not null,
  constraint sales_day_pkey PRIMARY KEY (county, day, nozzle_id, grade)
);
CREATE INDEX sales_day_site ON public.sales_day USING btree (county, site_id, day);

create table sales_hour (
  county integer not null,
  hour integer not null,
  nozzle_id integer not null,
  grade smallint not null,
  site_id integer not null,
  sales integer not null,
  volume_ml bigint not null,
  amount_fen bigint not null,
  unpriced_sales integer not null,
  unpriced_ml bigint not null,
  board_sales integer not null,
  board_ml bigint not null,
  board_fen bigint not null,
  constraint sales_hour_pkey PRIMARY KEY (county, hour, nozzle_id, grade)
);
CREATE INDEX sales_hour_site ON public.sales_hour USING btree (county, site_id, hour);

create table schema_migration (
  version integer not null,
  name text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migration_pkey PRIMARY KEY (version)
);

create table share_refusal (
  county integer not null,
  target text not null,
  position bigint not null,
  code text not null,
  detail text not null,
  at bigint not null,
  constraint share_refusal_pkey PRIMARY KEY (county, target, "position")
);

create table share_target (
  county integer not null,
  target text not null,
  next_position bigint not null default 0,
  batches bigint not null default 0,
  statements bigint not null default 0,
  bytes bigint not null default 0,
  first_at bigint not null,
  last_at bigint not null,
  constraint share_target_pkey PRIMARY KEY (county, target)
);

create table site (
  site_id integer not null,
  county integer not null,
  site text not null,
  document jsonb not null,
  effective_at bigint not null,
  name text not null,
  kind text not null,
  town text not null,
  enterprise text not null,
  enterprise_name text not null,
  longitude double precision not null,
  latitude double precision not null,
  coming jsonb not null default '[]'::jsonb,
  constraint site_county_site_key UNIQUE (county, site),
  constraint site_pkey PRIMARY KEY (county, site_id)
);

create table stream (
  county integer not null,
  device text not null,
  channel smallint not null,
  islands jsonb not null,
  last_received_at bigint not null,
  constraint stream_pkey PRIMARY KEY (county, device, channel)
);

create table tank (
  county integer not null,
  tank_id integer not null,
  site_id integer not null,
  tank text not null,
  grade smallint not null,
  capacity_ml bigint not null,
  safe_fill_ml bigint not null,
  diameter_mm integer not null,
  standing boolean not null default true,
  constraint tank_county_site_id_tank_key UNIQUE (county, site_id, tank),
  constraint tank_pkey PRIMARY KEY (county, tank_id)
);

create table tank_hour (
  county integer not null,
  hour integer not null,
  tank_id integer not null,
  site_id integer not null,
  last_at bigint not null,
  last_seq bigint not null,
  last_ml bigint not null,
  last_um integer not null,
  last_water_um integer not null,
  last_cc integer not null,
  low_ml bigint not null,
  high_ml bigint not null,
  readings integer not null,
  constraint tank_hour_pkey PRIMARY KEY (county, hour, tank_id)
);
CREATE INDEX tank_hour_site ON public.tank_hour USING btree (county, site_id, hour);

create table tank_state (
  county integer not null,
  tank_id integer not null,
  site_id integer not null,
  at bigint not null,
  seq bigint not null,
  height_um integer not null,
  water_um integer not null,
  temperature_cc integer not null,
  volume_ml bigint not null,
  corrected_ml bigint not null,
  ullage_ml bigint not null,
  status integer not null,
  constraint tank_state_pkey PRIMARY KEY (county, tank_id)
);

create table tile (
  county integer not null,
  level smallint not null,
  index bigint not null,
  hashes bytea storage external not null,
  constraint tile_pkey PRIMARY KEY (county, level, index)
);

create table watch_channel (
  county integer not null,
  device text not null,
  channel smallint not null,
  document jsonb not null,
  constraint watch_channel_pkey PRIMARY KEY (county, device, channel)
);

create table watch_clock (
  county integer not null,
  log_time bigint not null,
  failing jsonb not null,
  remembered_position bigint not null default 0,
  constraint watch_clock_pkey PRIMARY KEY (county)
);

create table watch_device (
  county integer not null,
  device text not null,
  site text not null,
  constraint watch_device_pkey PRIMARY KEY (county, device)
);

create table watch_registration (
  county integer not null,
  site text not null,
  effective_at bigint not null,
  document jsonb not null,
  constraint watch_registration_pkey PRIMARY KEY (county, site, effective_at)
);

create table watch_state (
  county integer not null,
  rule text not null,
  version integer not null,
  subject text not null,
  state jsonb not null,
  wake_at bigint,
  verdict text not null,
  constraint watch_state_pkey PRIMARY KEY (county, rule, subject)
);
