import { join } from 'node:path'
import { openStore, readHead, startPostgres } from '@oiltrail/store'
import { pino } from 'pino'
import { FollowLoop } from '../../apps/server/src/follow/loop.ts'
import { LogFeed } from '../../apps/server/src/log/feed.ts'
import { ViewsFollower } from '../../apps/server/src/views/follower.ts'
import { log } from '../database.ts'
import { costText, type Figure, figure, timed } from '../figure.ts'
import { COUNTY, type World } from '../world.ts'

/** What is not derived from the log by the views. */
const KEPT = [
  'schema_migration',
  'log_head',
  'log_entry',
  'stream',
  'device',
  'device_key',
  'enrol_code',
  'tile',
  'checkpoint',
  'follower_cursor',
]

/**
 * Ends the platform, throws the views' tables away and lets their follower build them again from the log, read from the
 * database, as `replay` does.
 */
export async function rebuild(world: World, intakeRate: number): Promise<Figure[]> {
  await world.platform.end('SIGTERM')
  const postgres = await startPostgres({ directory: join(world.platform.data, 'postgres'), log })
  const store = openStore(postgres.url)
  try {
    const { rows } = await store.pool.query<{ records: number; views: string }>(
      `select (select sum(last_seq - first_seq + 1) from log_entry where county = $1 and type = 0) as records,
         (select string_agg(quote_ident(relname), ', ') from pg_class
          where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> all ($2)) as views`,
      [COUNTY, KEPT],
    )
    const { records, views } = rows[0]!
    await store.pool.query(`truncate ${views}; delete from follower_cursor where follower = 'views'`)
    const head = await readHead(store.pool, COUNTY)
    const loop = new FollowLoop({
      store,
      county: COUNTY,
      feed: new LogFeed(head!.nextPosition),
      follower: new ViewsFollower({ county: COUNTY }),
      log: pino({ level: 'warn' }, pino.destination(2)),
    })
    const cost = await timed(async () => {
      await loop.start()
      await loop.reached(head!.nextPosition)
    })
    await loop.stop()
    return [
      figure(
        'rebuild of all views from the log against intake',
        'records/s',
        { value: records / cost.seconds, against: intakeRate },
        ['>=', 1],
        [`${records} records: ${costText(cost)}`],
      ),
    ]
  } finally {
    await store.close()
    await postgres.stop()
  }
}
