-- The log: raw bytes as they came, in one order per county. Everything below "views" is derived from it.

create table log_head (
  county integer primary key,
  next_position bigint not null default 0,
  -- Rises each time a server takes the shard; a writer whose epoch is not this one must stop.
  owner_epoch bigint not null default 0
);

create table log_entry (
  county integer not null,
  position bigint not null,
  type smallint not null,                -- 0 batch, 1 refusal, 2 desk
  received_at bigint not null,           -- epoch milliseconds, server clock
  device text,
  channel smallint,                      -- 0 volume, 1 price
  first_seq bigint,
  last_seq bigint,
  code text,                             -- refusal: catalogue code; desk: action
  leaf bytea not null,                   -- what the Merkle tree hashes; names the SHA-256 of raw
  raw bytea not null,
  primary key (county, position)
);
alter table log_entry alter column raw set storage external;
create index log_entry_stream on log_entry (county, device, channel, first_seq) where device is not null;
create index log_entry_refusal on log_entry (county, position) where type = 1;
create index log_entry_desk on log_entry (county, position) where type = 2;

-- What admission remembers of each channel, written in the transaction that appends its entries.
create table stream (
  county integer not null,
  device text not null,
  channel smallint not null,
  islands jsonb not null,
  last_received_at bigint not null,
  primary key (county, device, channel)
);

-- Authority at the gateway: who may speak, derived from desk entries and key records.
create table device (
  county integer not null,
  device text not null,
  site text not null,
  token_hash bytea not null,             -- SHA-256 of the transport token
  enrolled_at bigint not null,
  primary key (county, device)
);
create table device_key (
  county integer not null,
  device text not null,
  channel smallint not null,
  key_id text not null,
  algorithm text not null,
  public_key bytea not null,
  from_seq bigint not null,              -- signs batches whose first record is at or after this
  to_seq bigint,                         -- and before this, once replaced
  primary key (county, device, channel, key_id)
);
create table enrol_code (
  code_hash bytea primary key,           -- SHA-256 of the one-time code
  county integer not null,
  device text not null,
  site text not null,
  expires_at bigint not null,
  used_at bigint
);

-- Seal
create table tile (
  county integer not null,
  level smallint not null,
  index bigint not null,
  hashes bytea not null,                 -- 32 bytes each, up to 256
  primary key (county, level, index)
);
alter table tile alter column hashes set storage external;
create table checkpoint (
  county integer not null,
  size bigint not null,
  root bytea not null,
  note text not null,
  signed_at bigint not null,
  primary key (county, size)
);

create table follower_cursor (
  county integer not null,
  follower text not null,
  next_position bigint not null default 0,
  primary key (county, follower)
);
