-- What rules remember is written seldom: it can be made again from the log. Position up to which the stored memory has followed it.
alter table watch_clock add column remembered_position bigint not null default 0;
update watch_clock set remembered_position = f.next_position
  from follower_cursor f where f.county = watch_clock.county and f.follower = 'watch';
