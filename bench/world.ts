import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultOrigin } from '@oiltrail/evidence'
import { type GeneratedKey, generateKeyPair, sha256 } from '@oiltrail/evidence/node'
import { toBase64, toHex } from '@oiltrail/kernel'
import { encodeDesk, encodeLeaf } from '@oiltrail/protocols/uplink'
import {
  appendEntries,
  copyRows,
  type LogRow,
  migrate,
  openStore,
  type Store,
  startPostgres,
} from '@oiltrail/store'
import { readyLogSigners } from '../apps/server/src/seal/keys.ts'
import { type Lane, NO_TOTALS, testSite } from '../test/fleet/fleet.ts'
import { Platform } from '../test/fleet/platform.ts'
import { log } from './database.ts'

export const COUNTY = 520327
const CODE = String(COUNTY)
const SEED_ROWS = 2_000
/** Making a key takes a millisecond; a larger fleet shares these. The platform keeps and imports each device's key apart, equal or not. */
const MOST_KEYS = 250

/** A running platform with enrolled sites, and a door of our own to its database. */
export interface World {
  readonly platform: Platform
  readonly store: Store
  readonly postgresPid: number
  readonly serverPid: number
  /** A lane for each channel of each site. */
  readonly volume: readonly Lane[]
  readonly price: readonly Lane[]
  /** MQTT credentials; one device may carry the batches of all. */
  readonly device: string
  readonly token: string
  /** From the start of the process to its `ready` line. */
  readonly readySeconds: number
  close(): Promise<void>
}

function newLane(index: number, channel: 'volume' | 'price', key: GeneratedKey): Lane {
  const { site } = testSite(index)
  return {
    device: `${CODE}-${site}-A`,
    site,
    channel,
    key,
    seq: 0,
    head: '0'.repeat(64),
    totalsMillilitres: NO_TOTALS.slice(),
  }
}

/**
 * Writes registrations and enrolments of many sites into an empty database, as the desk would have: log entries and authority
 * tables. Through the desk itself 21,000 sites would take minutes that measure nothing.
 */
async function seed(store: Store, lanes: readonly (readonly [Lane, Lane])[], token: string): Promise<void> {
  const tokenHash = createHash('sha256').update(token).digest()
  const at = Date.now() - 30 * 86_400_000
  const entries: LogRow[] = []
  const state = (action: string, raw: Uint8Array, device?: string): void => {
    const leaf = encodeLeaf({
      v: 1,
      type: 'desk',
      county: CODE,
      receivedAt: at,
      action,
      raw: toHex(sha256(raw)),
    })
    const position = entries.length
    entries.push({
      county: COUNTY,
      position,
      type: 'desk',
      receivedAt: at,
      code: action,
      leaf,
      raw,
      ...(device ? { device } : {}),
    })
  }
  for (const [index, pair] of lanes.entries()) {
    const { device, site } = pair[0]
    state(
      'site-registered',
      encodeDesk({ v: 1, action: 'site-registered', actor: 'bench', at, site: testSite(index) }),
    )
    const keys = pair.map(({ channel, key }) => ({
      channel,
      algorithm: 'SM2-SM3',
      publicKey: toBase64(key.signer.publicKey),
    }))
    state(
      'device-enrolled',
      encodeDesk({ v: 1, action: 'device-enrolled', actor: device, at, device, site, keys }),
      device,
    )
  }
  for (let from = 0; from < entries.length; from += SEED_ROWS)
    await store.transaction((tx) => appendEntries(tx, entries.slice(from, from + SEED_ROWS)))
  await store.transaction(async (tx) => {
    await tx.query('insert into log_head (county, next_position) values ($1, $2)', [COUNTY, entries.length])
    await copyRows(
      tx,
      'device',
      [
        { name: 'county', type: 'int4' },
        { name: 'device', type: 'text' },
        { name: 'site', type: 'text' },
        { name: 'token_hash', type: 'bytea' },
        { name: 'enrolled_at', type: 'int8' },
      ],
      lanes.map(([lane]) => [COUNTY, lane.device, lane.site, tokenHash, at]),
    )
    await copyRows(
      tx,
      'device_key',
      [
        { name: 'county', type: 'int4' },
        { name: 'device', type: 'text' },
        { name: 'channel', type: 'int2' },
        { name: 'key_id', type: 'text' },
        { name: 'algorithm', type: 'text' },
        { name: 'public_key', type: 'bytea' },
        { name: 'from_seq', type: 'int8' },
      ],
      lanes.flatMap((pair) =>
        pair.map(({ device, channel, key }) => {
          const { keyId, publicKey } = key.signer
          return [COUNTY, device, channel === 'volume' ? 0 : 1, keyId, 'SM2-SM3', publicKey, 1]
        }),
      ),
    )
    await tx.query('analyze')
  })
}

/**
 * Starts a platform on a fresh folder with so many enrolled sites, and waits until its followers have read them. `bundle` is the
 * server program, when it is not the product's own.
 */
export async function startWorld(sites: number, bundle?: string): Promise<World> {
  const data = mkdtempSync(join(tmpdir(), 'oiltrail-bench-'))
  chmodSync(data, 0o711)
  const directory = join(data, 'postgres')
  mkdirSync(directory, { mode: 0o711 })
  const token = randomBytes(24).toString('base64url')
  const keys = Array.from({ length: Math.min(sites, MOST_KEYS) }, () => generateKeyPair('SM2-SM3'))
  const pairs = Array.from({ length: sites }, (_, i) => {
    const key = keys[i % keys.length]!
    return [newLane(i, 'volume', key), newLane(i, 'price', key)] as const
  })
  const first = await startPostgres({ directory, log })
  const seeding = openStore(first.url)
  await migrate(seeding)
  await seed(seeding, pairs, token)
  await seeding.close()
  await first.stop()
  // The keys that a log began with: a server makes none for a log that has entries.
  await readyLogSigners(join(data, 'keys'), defaultOrigin(CODE))

  log.info(`${sites} sites are enrolled; starting the platform`)
  const platform = new Platform({
    data,
    env: { OILTRAIL_LOG_LEVEL: 'warn' },
    ...(bundle === undefined ? {} : { bundle }),
  })
  // A benchmark that is broken off must not leave a platform running.
  const endWithUs = (): void => void platform.child?.kill('SIGTERM')
  process.once('exit', endWithUs)
  const start = performance.now()
  await platform.start()
  const readySeconds = (performance.now() - start) / 1_000
  const postgres = await startPostgres({ directory, log })
  const store = openStore(postgres.url, { max: 12, applicationName: 'bench' })
  await viewed(store, sites * 2, 900)
  return {
    platform,
    store,
    postgresPid: postgres.pid,
    serverPid: platform.child!.pid!,
    volume: pairs.map(([volume]) => volume),
    price: pairs.map(([, price]) => price),
    device: pairs[0]![0].device,
    token,
    readySeconds,
    close: async () => {
      await store.close()
      await platform.end('SIGTERM')
      process.off('exit', endWithUs)
      platform.remove()
    },
  }
}

/** Waits until the views have committed everything before a position: until it can be seen. */
export function viewed(store: Store, position: number, seconds: number): Promise<void> {
  return followed(store, 'views', position, seconds)
}

/** Waits until a follower has committed everything before a position. */
export async function followed(
  store: Store,
  follower: 'views' | 'watch',
  position: number,
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000
  for (;;) {
    const { rows } = await store.pool.query<{ next_position: number }>(
      'select next_position from follower_cursor where county = $1 and follower = $2',
      [COUNTY, follower],
    )
    const reached = rows[0]?.next_position ?? 0
    if (reached >= position) return
    if (Date.now() > deadline)
      throw new Error(`${follower} stand at ${reached} of ${position} after ${seconds} s`)
    await new Promise((wake) => setTimeout(wake, 10))
  }
}
