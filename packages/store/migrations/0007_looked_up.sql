-- What is looked up by site or span must not cost the whole history.

-- When the records of a batch were made, by the device's clock: from the earliest to the latest. Derived from raw, for evidence of a
-- span. Null: look into it, because it is older than these columns or announces a key, which evidence of any span may need.
alter table log_entry add column made_from bigint, add column made_to bigint;
create index log_entry_made on log_entry (county, device, made_to) where type = 0;

-- A site that is registered again has its receipts counted again.
create index receipt_site on receipt (county, site_id, at);

-- A collector that was stopped in order is no news; one that stays away raises its alarm.
update other_fact set notable = false where notable and kind = 'health' and body->>'event' = 'stopped';
