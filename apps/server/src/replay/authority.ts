import type { StreamState } from '@oiltrail/domain'
import { sha256 } from '@oiltrail/evidence/node'
import { fromBase64, toHex } from '@oiltrail/kernel'
import type { BatchHeader, DeskEntry } from '@oiltrail/protocols/uplink'
import { readDeviceKeys, readDevices, readStreams, type Transaction } from '@oiltrail/store'
import type { Findings } from './findings.ts'

/** A key of a channel, and which records it may sign; as `DeviceKeyRow`. */
interface Key {
  readonly algorithm: string
  readonly publicKey: string
  fromSeq: number
  toSeq: number | undefined
}

/** One channel of a device as the log makes it. */
interface ChannelAuthority {
  readonly keys: Map<string, Key>
  islands: StreamState
}

/**
 * By what the gateway and intake decide whom to believe, built from the log alone: devices that may speak, their keys, and
 * where each chain stands. The log does not hold the tokens of connections, which only let a box in and prove nothing.
 */
export class Authority {
  readonly #devices = new Map<string, { readonly site: string; readonly enrolledAt: number }>()
  readonly #channels = new Map<string, ChannelAuthority>()

  /** Where the chain of a channel stands. */
  stream(device: string, channel: string): StreamState {
    return this.#channels.get(`${device} ${channel}`)?.islands ?? []
  }

  /** Whether a key may sign these records, as intake decides it: one that was replaced signs nothing after its successor. */
  maySign(header: BatchHeader, last: number): boolean {
    const key = this.#channels.get(`${header.device} ${header.channel}`)?.keys.get(header.key)
    return key !== undefined && header.first >= key.fromSeq && last < (key.toSeq ?? Number.POSITIVE_INFINITY)
  }

  /** A batch was admitted; its channel stands so now. */
  admit(device: string, channel: string, islands: StreamState): void {
    this.#channel(device, channel).islands = islands
  }

  /** A statement of the desk: who may speak, with which keys, or may no longer. */
  state(desk: DeskEntry): void {
    if (desk.action === 'device-revoked') this.#devices.delete(desk.device)
    if (desk.action !== 'device-enrolled') return
    this.#devices.set(desk.device, { site: desk.site, enrolledAt: desk.at })
    for (const key of desk.keys) {
      const delivered = this.stream(desk.device, key.channel).at(-1)?.last ?? 0
      this.#add(desk.device, key.channel, { ...key, fromSeq: 1, toSeq: undefined }, delivered + 1)
    }
  }

  /** A `key` record, number `seq`, ended a batch: the new key signs from the next record on. */
  rotate(header: BatchHeader, seq: number, algorithm: string, publicKey: string): void {
    const key = { algorithm, publicKey, fromSeq: seq + 1, toSeq: undefined }
    this.#add(header.device, header.channel, key, seq + 1)
  }

  #channel(device: string, channel: string): ChannelAuthority {
    const name = `${device} ${channel}`
    let found = this.#channels.get(name)
    if (!found) {
      found = { keys: new Map(), islands: [] }
      this.#channels.set(name, found)
    }
    return found
  }

  /** The same that `writeDeviceKey` of the store does to its table. */
  #add(device: string, channel: string, key: Key, endOthersAt: number): void {
    const keyId = toHex(sha256(fromBase64(key.publicKey) ?? new Uint8Array(0))).slice(0, 16)
    const { keys } = this.#channel(device, channel)
    for (const [other, known] of keys)
      if (other !== keyId) known.toSeq = Math.min(known.toSeq ?? endOthersAt, endOthersAt)
    const known = keys.get(keyId)
    keys.set(
      keyId,
      known ? { ...known, toSeq: undefined, fromSeq: Math.min(known.fromSeq, key.fromSeq) } : key,
    )
  }

  /** Compares the tables by which devices are believed with what the log says, row by row. */
  async compare(tx: Transaction, county: number, findings: Findings): Promise<void> {
    await this.#compareDevices(tx, county, findings)
    await this.#compareKeys(tx, county, findings)
    await this.#compareStreams(tx, county, findings)
  }

  async #compareDevices(tx: Transaction, county: number, findings: Findings): Promise<void> {
    const missing = new Set(this.#devices.keys())
    for (const { device, site, enrolledAt } of await readDevices(tx, county)) {
      const said = this.#devices.get(device)
      missing.delete(device)
      if (!said)
        findings.add('inserted', 'device', `device ${device}`, 'the log does not let it speak, or revoked it')
      else if (said.site !== site || said.enrolledAt !== enrolledAt)
        findings.add(
          'altered',
          'device',
          `device ${device}`,
          `it is of ${site}, enrolled at ${enrolledAt}; the log says ${said.site}, ${said.enrolledAt}`,
        )
    }
    for (const device of missing)
      findings.add('removed', 'device', `device ${device}`, 'the log lets it speak, the table does not')
  }

  async #compareKeys(tx: Transaction, county: number, findings: Findings): Promise<void> {
    const missing = new Map<string, Key>()
    for (const [name, { keys }] of this.#channels)
      for (const [keyId, key] of keys) missing.set(`${name} ${keyId}`, key)
    for (const row of await readDeviceKeys(tx, county)) {
      const name = `${row.device} ${row.channel} ${row.keyId}`
      const key = missing.get(name)
      missing.delete(name)
      if (!key) findings.add('inserted', 'device_key', name, 'no statement in the log makes this key known')
      else if (key.publicKey !== Buffer.from(row.publicKey).toString('base64'))
        findings.add('altered', 'device_key', name, 'the log makes another public key known under this name')
      else if (describe(key) !== describe(row))
        findings.add('altered', 'device_key', name, `it is ${describe(row)}; the log says ${describe(key)}`)
    }
    for (const name of missing.keys())
      findings.add('removed', 'device_key', name, 'the log makes this key known')
  }

  async #compareStreams(tx: Transaction, county: number, findings: Findings): Promise<void> {
    const missing = new Map([...this.#channels].filter(([, { islands }]) => islands.length > 0))
    for (const { device, channel, islands } of await readStreams(tx, county)) {
      const name = `${device} ${channel}`
      const said = this.stream(device, channel)
      missing.delete(name)
      if (said.length === 0 && !isEmpty(islands))
        findings.add('inserted', 'stream', name, 'no batch of this channel is in the log')
      else if (said.length > 0 && place(islands) !== place(said))
        findings.add(
          'altered',
          'stream',
          name,
          `its chain holds ${shown(islands)}; the log says ${shown(said)}`,
        )
    }
    for (const name of missing.keys())
      findings.add('removed', 'stream', name, 'the log has batches of this channel')
  }
}

function describe(key: Pick<Key, 'algorithm' | 'fromSeq'> & { readonly toSeq?: number | undefined }): string {
  return `${key.algorithm} for records from ${key.fromSeq}${key.toSeq === undefined ? '' : ` and before ${key.toSeq}`}`
}

/** Where a chain stands, in one spelling; a table may hold anything. */
function place(islands: unknown): string {
  if (!Array.isArray(islands)) return JSON.stringify(islands)
  return JSON.stringify(
    islands.map((one: Record<string, unknown> | null) =>
      Object.entries(one ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  )
}

/** Runs of records that a finding shows. */
const SHOWN_RUNS = 8
/** Characters of a hash, or of what is none, that a finding shows. */
const SHOWN_CHARACTERS = 16

/** The same for a person: runs of records and the hash at the end of each. */
function shown(islands: unknown): string {
  if (!Array.isArray(islands)) return (JSON.stringify(islands) ?? '').slice(0, SHOWN_CHARACTERS)
  const runs = islands
    .slice(-SHOWN_RUNS)
    .map((one: Partial<Record<'first' | 'last' | 'head', unknown>> | null) => {
      const hash = String(one?.head).slice(0, SHOWN_CHARACTERS)
      return `records ${String(one?.first).slice(0, SHOWN_CHARACTERS)} to ${String(one?.last).slice(0, SHOWN_CHARACTERS)} (${hash}…)`
    })
  return runs.length === 0 ? 'nothing' : runs.join(', ')
}

function isEmpty(islands: unknown): boolean {
  return Array.isArray(islands) && islands.length === 0
}
