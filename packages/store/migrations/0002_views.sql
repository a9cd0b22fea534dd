-- Views: thrown away and built again from the log at any time (oiltrail replay).

create table site (
  site_id integer not null,
  county integer not null,
  site text not null,
  document jsonb not null,               -- registration in force: the one with the newest effective_at
  effective_at bigint not null,
  name text not null,
  kind text not null,
  town text not null,
  enterprise text not null,
  enterprise_name text not null,
  longitude double precision not null,
  latitude double precision not null,
  primary key (county, site_id),
  unique (county, site)
);
create table tank (
  county integer not null, tank_id integer not null, site_id integer not null, tank text not null,
  grade smallint not null, capacity_ml bigint not null, safe_fill_ml bigint not null, diameter_mm integer not null,
  primary key (county, tank_id), unique (county, site_id, tank)
);
create table nozzle (
  county integer not null, nozzle_id integer not null, site_id integer not null, dispenser text not null, nozzle text not null, arm boolean not null default false,
  primary key (county, nozzle_id), unique (county, site_id, nozzle, arm)
);
-- Which tank and grade a nozzle or arm draws from, and since when (管线切换).
create table nozzle_link (
  county integer not null, nozzle_id integer not null, valid_from bigint not null,
  tank_id integer not null, grade smallint not null,
  primary key (county, nozzle_id, valid_from)
);

-- Facts, one row a record, named by their place in the log.
create table sale (
  county integer not null, position bigint not null, seq bigint not null,
  site_id integer not null, nozzle_id integer not null, grade smallint not null,
  ended_at bigint not null, started_at bigint not null,
  volume_ml bigint not null, total_ml bigint not null,
  price_fen integer,                     -- in force at the end of the sale; null until the price channel told it
  amount_fen bigint,
  source smallint not null               -- 0 pulse, 1 board, 2 loading arm
);
create index sale_site on sale (county, site_id, ended_at);
create index sale_place on sale using brin (county, position) with (pages_per_range = 16, autosummarize = on);
create table receipt (
  county integer not null, position bigint not null, seq bigint not null,
  site_id integer not null, nozzle_id integer not null, grade smallint not null, at bigint not null,
  volume_ml bigint not null, amount_fen bigint not null, price_fen integer not null,
  total_ml bigint not null, total_fen bigint not null, board_time text not null
);
create index receipt_time on receipt using brin (county, at) with (pages_per_range = 16, autosummarize = on);
create table level (
  county integer not null, position bigint not null, seq bigint not null,
  site_id integer not null, tank_id integer not null, at bigint not null,
  height_um integer not null, water_um integer not null, temperature_cc integer not null,
  volume_ml bigint not null, corrected_ml bigint not null, ullage_ml bigint not null, status integer not null
);
create index level_time on level using brin (county, at) with (pages_per_range = 16, autosummarize = on);
create table delivery (
  county integer not null, position bigint not null, seq bigint not null,
  site_id integer not null, tank_id integer not null, started_at bigint not null, ended_at bigint not null,
  start_ml bigint not null, end_ml bigint not null, start_um integer not null, end_um integer not null,
  start_cc integer not null, end_cc integer not null,
  primary key (county, position, seq)
);
create index delivery_site on delivery (county, site_id, ended_at);
create index delivery_time on delivery (county, ended_at);
create table price (
  county integer not null, nozzle_id integer not null, at bigint not null,
  position bigint not null, seq bigint not null, price_fen integer not null,
  primary key (county, nozzle_id, at, position, seq)
);
-- Facts that are looked up rarely, with their body as recorded: loads, totals, lines, board totals, board info, keys, health
-- (heartbeats and flow only move the latest state; they stay in the log). site_id is 0 while the site is not registered.
create table other_fact (
  county integer not null, position bigint not null, seq bigint not null,
  site_id integer not null, device text not null, channel smallint not null,
  kind text not null, subject text not null, at bigint not null,
  notable boolean not null,              -- belongs among the newest events of the cockpit
  body jsonb not null,
  primary key (county, position, seq)
);
create index other_fact_site on other_fact (county, site_id, kind, at);
create index other_fact_notable on other_fact (county, at) where notable;
-- Records that are in the log but could not be believed.
create table refused_record (
  county integer not null, position bigint not null, seq bigint not null,
  device text not null, channel smallint not null, at bigint, code text not null, detail text not null,
  primary key (county, position, seq)
);
create index refused_record_code on refused_record (county, code, position);

-- Rollups, kept as facts come. Hours and days since 1970 in China time.
create table sales_hour (
  county integer not null, hour integer not null, nozzle_id integer not null, grade smallint not null,
  site_id integer not null,
  sales integer not null, volume_ml bigint not null, amount_fen bigint not null,
  unpriced_sales integer not null, unpriced_ml bigint not null,
  board_sales integer not null, board_ml bigint not null, board_fen bigint not null,
  primary key (county, hour, nozzle_id, grade)
);
create index sales_hour_site on sales_hour (county, site_id, hour);
create table sales_day (
  county integer not null, day integer not null, nozzle_id integer not null, grade smallint not null,
  site_id integer not null,
  sales integer not null, volume_ml bigint not null, amount_fen bigint not null,
  unpriced_sales integer not null, unpriced_ml bigint not null,
  board_sales integer not null, board_ml bigint not null, board_fen bigint not null,
  primary key (county, day, nozzle_id, grade)
);
create index sales_day_site on sales_day (county, site_id, day);
create table tank_hour (
  county integer not null, hour integer not null, tank_id integer not null, site_id integer not null,
  last_at bigint not null, last_seq bigint not null, last_ml bigint not null, last_um integer not null, last_water_um integer not null, last_cc integer not null,
  low_ml bigint not null, high_ml bigint not null, readings integer not null,
  primary key (county, hour, tank_id)
);
create index tank_hour_site on tank_hour (county, site_id, hour);

-- Latest state, one row each.
create table tank_state (
  county integer not null, tank_id integer not null, site_id integer not null, at bigint not null, seq bigint not null,
  height_um integer not null, water_um integer not null, temperature_cc integer not null,
  volume_ml bigint not null, corrected_ml bigint not null, ullage_ml bigint not null, status integer not null,
  primary key (county, tank_id)
);
-- Each group of columns belongs to the newest record of its kind by (at, seq), so that late records change nothing newer.
create table nozzle_state (
  county integer not null, nozzle_id integer not null, site_id integer not null,
  flow_at bigint, flow_seq bigint, flow text, running_ml bigint,
  price_at bigint, price_seq bigint, price_fen integer,
  sale_at bigint, sale_seq bigint, sale_ml bigint,
  total_at bigint, total_seq bigint, total_ml bigint,
  line_at bigint, line_seq bigint, line text,
  primary key (county, nozzle_id)
);
-- One row a channel from the device's enrolment on; what a screen says of its health, and what the follower counts fresh records with.
create table channel_state (
  county integer not null, device text not null, channel smallint not null, site text not null,
  first_received_at bigint, last_received_at bigint,
  last_at bigint, last_seq bigint not null,
  records bigint not null, refused bigint not null,
  -- Newest event of each pair of onset and end: { "mains-lost": [at, seq, 1 while it lasts], "driver-silent:port1": … }
  faults jsonb not null,
  -- Sequence numbers counted: [[first, last], …]
  islands jsonb not null,
  revoked_at bigint,
  primary key (county, device, channel)
);
-- Every hole ever seen, as wide as it was at first; missing counts down as the back-fill comes.
create table gap (
  county integer not null, device text not null, channel smallint not null, first_seq bigint not null, last_seq bigint not null,
  missing bigint not null, opened_at bigint not null, filled_at bigint,
  primary key (county, device, channel, first_seq)
);
create index gap_open on gap (county, device, channel) where missing > 0;
