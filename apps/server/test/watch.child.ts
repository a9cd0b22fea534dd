import { openStore, readCursor, readEntries } from '@oiltrail/store'
import { pino } from 'pino'
import { FollowLoop } from '../src/follow/loop.ts'
import { LogFeed } from '../src/log/feed.ts'
import { WatchFollower } from '../src/watch/follower.ts'
import { DARK, LOW_LEVEL, TOTAL_BACK } from './watch.rules.ts'

/** Follows a log with the rules of the tests until its end, to be killed while it does. Arguments: database, county. */
const [url = '', county = ''] = process.argv.slice(2)
const store = openStore(url)
const number = Number(county)
const { rows } = await store.pool.query<{ next: number }>(
  'select next_position as next from log_head where county = $1',
  [number],
)
const next = rows[0]!.next
const from = await readCursor(store.pool, number, 'watch')
const feed = new LogFeed(from)
const follower = new WatchFollower({ county: number, rules: [LOW_LEVEL, TOTAL_BACK, DARK] })
const loop = new FollowLoop({ store, county: number, feed, follower, log: pino({ level: 'silent' }) })
await loop.start()
process.stdout.write('following\n')
// The log grows by three entries at a time, so that kills fall between and into many rounds.
for (let position = from; position < next; ) {
  const entries = await readEntries(store.pool, number, position, { entries: 3, bytes: 1e6 })
  feed.append(entries)
  position = entries.at(-1)!.position + 1
  await loop.reached(position)
}
await loop.stop()
await store.close()
