-- What was handed on to other platforms: with whom, since when, how far, and what they would not take.
create table share_target (
  county integer not null,
  target text not null,                  -- address of the other platform
  next_position bigint not null default 0,
  batches bigint not null default 0,     -- stored there, as its receipts say
  statements bigint not null default 0,
  bytes bigint not null default 0,
  first_at bigint not null,
  last_at bigint not null,
  primary key (county, target)
);
-- One row for each entry that a target refused; gone once it took it after all.
create table share_refusal (
  county integer not null,
  target text not null,
  position bigint not null,
  code text not null,
  detail text not null,
  at bigint not null,
  primary key (county, target, position)
);
