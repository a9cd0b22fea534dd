import { type Site, siteSchema, WATCH_ACTIONS, type WatchStatement, watchStatement } from '@oiltrail/domain'
import { ok, parseJsonBytes, type Result, refuse, utf8Bytes } from '@oiltrail/kernel'

/** What a person or an administrator's tool states: the second mouth of the log. The raw bytes of a desk entry are its JSON. */
export type DeskEntry =
  | {
      readonly v: 1
      readonly action: 'site-registered'
      readonly actor: string
      readonly at: number
      readonly site: Site
    }
  | {
      readonly v: 1
      readonly action: 'device-enrolled'
      readonly actor: string
      readonly at: number
      readonly device: string
      readonly site: string
      readonly keys: readonly {
        readonly channel: string
        readonly algorithm: string
        readonly publicKey: string
      }[]
    }
  | {
      readonly v: 1
      readonly action: 'device-revoked'
      readonly actor: string
      readonly at: number
      readonly device: string
      readonly reason: string
    }
  | WatchStatement

/** The bytes of a desk entry as they go into the log. */
export function encodeDesk(entry: DeskEntry): Uint8Array {
  return utf8Bytes(JSON.stringify(entry))
}

/** Reads a desk entry back from the log. Refuses MALFORMED for anything this version did not write. */
export function decodeDesk(bytes: Uint8Array): Result<DeskEntry> {
  const entry = parseJsonBytes(bytes) as DeskEntry | undefined
  if (entry?.v !== 1 || typeof entry.action !== 'string')
    return refuse('MALFORMED', 'not a desk entry of version 1')
  if (WATCH_ACTIONS.includes(entry.action)) {
    const statement = watchStatement.safeParse(entry)
    return statement.success
      ? ok(statement.data)
      : refuse('MALFORMED', statement.error.message.slice(0, 200), entry.action)
  }
  if (entry.action !== 'site-registered') return ok(entry)
  const site = siteSchema.safeParse(entry.site)
  return site.success
    ? ok({ ...entry, site: site.data })
    : refuse('MALFORMED', site.error.message.slice(0, 200), 'site')
}
