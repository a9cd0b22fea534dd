-- Notices and windows that somebody took back: {position, at, actor, reason} of the statement that did; null while they hold.
alter table delivery_notice add column withdrawn jsonb;
alter table quiet_window add column withdrawn jsonb;
