import type { StreamState } from '@oiltrail/domain'
import { ALGORITHMS, type Algorithm, type Verifier } from '@oiltrail/evidence'
import { suites } from '@oiltrail/evidence/node'
import { CHANNELS, type Channel } from '@oiltrail/kernel'
import {
  type DeviceKeyRow,
  type DeviceRow,
  readDeviceKeys,
  readDevices,
  readStreams,
  type StreamRow,
  type Transaction,
} from '@oiltrail/store'

/** A public key that intake may meet. */
export interface KnownKey {
  readonly algorithm: Algorithm
  readonly publicKey: Uint8Array
  /** Signs batches whose first record is at or after this … */
  readonly fromSeq: number
  /** … and whose last is before this, once replaced. */
  toSeq: number | undefined
  /** Imported when first needed: most devices of a large county are silent at any moment. */
  verify: Verifier | undefined
}

/** One channel of a device: where its chain stands, batches included whose commit is still on its way. */
export interface KnownChannel {
  readonly device: string
  readonly channel: Channel
  islands: StreamState
  /** By key id. */
  readonly keys: Map<string, KnownKey>
}

/** A device that may speak. */
export interface KnownDevice {
  readonly device: string
  readonly site: string
  readonly tokenHash: Uint8Array
  readonly channels: Readonly<Record<Channel, KnownChannel>>
}

/** Every device of the county that may speak, in memory: about 1 KB each. */
export class DeviceBook {
  private devices = new Map<string, KnownDevice>()

  get size(): number {
    return this.devices.size
  }

  get(device: string): KnownDevice | undefined {
    return this.devices.get(device)
  }

  /** Reads everything again: at start, and when the outcome of a commit is unknown. */
  async reload(tx: Pick<Transaction, 'query'>, county: number): Promise<void> {
    this.devices = await readKnown(tx, county)
  }

  /** Replaces what is known of one device by what is committed; undefined when it may no longer speak. */
  replace(device: string, known: KnownDevice | undefined): void {
    if (known) this.devices.set(device, known)
    else this.devices.delete(device)
  }
}

/** What the tables say of the county's devices, or of one. */
export async function readKnown(
  tx: Pick<Transaction, 'query'>,
  county: number,
  device?: string,
): Promise<Map<string, KnownDevice>> {
  const known = new Map<string, KnownDevice>()
  for (const row of await readDevices(tx, county, device)) known.set(row.device, emptyDevice(row))
  for (const key of await readDeviceKeys(tx, county, device)) addKey(known, key)
  for (const stream of await readStreams(tx, county, device)) addStream(known, stream)
  return known
}

function emptyDevice(row: DeviceRow): KnownDevice {
  const channel = (name: Channel): KnownChannel => ({
    device: row.device,
    channel: name,
    islands: [],
    keys: new Map(),
  })
  return {
    device: row.device,
    site: row.site,
    tokenHash: row.tokenHash,
    channels: { volume: channel(CHANNELS[0]!), price: channel(CHANNELS[1]!) },
  }
}

function addKey(known: Map<string, KnownDevice>, key: DeviceKeyRow): void {
  const algorithm = ALGORITHMS.find((name) => name === key.algorithm)
  if (!algorithm) return
  known.get(key.device)?.channels[key.channel].keys.set(key.keyId, {
    algorithm,
    publicKey: key.publicKey,
    fromSeq: key.fromSeq,
    toSeq: key.toSeq,
    verify: undefined,
  })
}

function addStream(known: Map<string, KnownDevice>, stream: StreamRow): void {
  const channel = known.get(stream.device)?.channels[stream.channel]
  if (channel) channel.islands = stream.islands
}

/** Whether a signature by a known key is right. A key that cannot be imported signs nothing. */
export function verifyWith(key: KnownKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (!key.verify) {
    const made = suites[key.algorithm].verifier(key.publicKey)
    if (!made.ok) return false
    key.verify = made.value
  }
  return key.verify(message, signature)
}

/** Whether two algorithms share a hash, so that one chain can go on from one to the other (docs/formats/uplink.md §1). */
export function sameHash(a: Algorithm, b: Algorithm): boolean {
  return (a === 'SM2-SM3') === (b === 'SM2-SM3')
}
