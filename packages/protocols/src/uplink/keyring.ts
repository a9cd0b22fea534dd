import type { Algorithm, Platform } from '@oiltrail/evidence'
import { fromBase64, isChannel, ok, type Result, refuse, toHex } from '@oiltrail/kernel'
import type { BatchHeader } from './batch.ts'
import type { DeskEntry } from './desk.ts'
import type { BatchKey } from './verify.ts'

interface RingKey extends BatchKey {
  /** Signs batches whose records are all from `fromSeq` on and before `toSeq`. */
  fromSeq: number
  toSeq: number
  /** Log position of the statement that made the key known. */
  readonly sincePosition: number
}

/** A key of an enrolment before it is checked: the log may hold anything that its operator put there. */
interface EnrolledKey {
  readonly channel?: unknown
  readonly algorithm?: unknown
  readonly publicKey?: unknown
}

interface RingDevice {
  revokedAt: number
  readonly keys: Map<string, RingKey>
}

/** A device keeps one hash for ever, so SM2 keys and the others never follow each other (docs/formats/uplink.md §1). */
function sameHash(a: Algorithm, b: Algorithm): boolean {
  return (a === 'SM2-SM3') === (b === 'SM2-SM3')
}

/**
 * Which keys count at which place of a log, told by nothing but the log: enrolments and revocations by the desk, and
 * keys that a device announced under its old one.
 */
export class Keyring {
  private readonly platform: Platform
  private readonly devices = new Map<string, RingDevice>()

  constructor(platform: Platform) {
    this.platform = platform
  }

  /** Takes a desk entry at its position. Refuses MALFORMED when an enrolment holds something that is not a key. */
  desk(entry: DeskEntry, position: number): Result<true> {
    if (entry.action === 'device-revoked') {
      const device = this.devices.get(entry.device)
      if (device) device.revokedAt = position
    }
    if (entry.action !== 'device-enrolled') return ok(true)
    if (!Array.isArray(entry.keys)) return refuse('MALFORMED', 'an enrolment without keys', 'keys')
    const device = this.device(entry.device)
    device.revokedAt = Number.POSITIVE_INFINITY
    for (const key of entry.keys as readonly (EnrolledKey | null)[]) {
      const { channel, algorithm, publicKey } = key ?? {}
      if (!isChannel(channel) || typeof algorithm !== 'string' || typeof publicKey !== 'string')
        return refuse('MALFORMED', 'a key of no channel', 'keys')
      const added = this.add(device, channel, algorithm as Algorithm, publicKey, 1, position)
      if (!added.ok) return added
    }
    return ok(true)
  }

  /** Takes the `key` record that ends a verified batch: the new key signs from the next record on, the others end. */
  rotate(
    header: BatchHeader,
    seq: number,
    record: { readonly algorithm?: unknown; readonly publicKey?: unknown },
    position: number,
  ): Result<true> {
    const { algorithm, publicKey } = record
    if (typeof publicKey !== 'string' || typeof algorithm !== 'string')
      return refuse('MALFORMED', 'a key record without a key', `seq ${seq}`)
    if (!sameHash(algorithm as Algorithm, header.alg))
      return refuse('MALFORMED', `a chain of ${header.alg} keeps its hash`, `seq ${seq}`)
    const device = this.device(header.device)
    const earlier = [...device.keys].filter(([name]) => name.startsWith(`${header.channel} `))
    const added = this.add(device, header.channel, algorithm as Algorithm, publicKey, seq + 1, position)
    if (!added.ok) return added
    for (const [name, key] of earlier) if (name !== added.value) key.toSeq = Math.min(key.toSeq, seq + 1)
    return ok(true)
  }

  /**
   * The key that a header names, if it counts for records up to `last` at this place of the log. Refuses UNKNOWN_DEVICE,
   * UNKNOWN_KEY.
   */
  find(header: BatchHeader, last: number, position: number): Result<BatchKey> {
    const device = this.devices.get(header.device)
    if (!device || position > device.revokedAt)
      return refuse(
        'UNKNOWN_DEVICE',
        `${header.device} is not enrolled at this place of the log`,
        'header.device',
      )
    const key = device.keys.get(`${header.channel} ${header.key}`)
    const counts = key && key.sincePosition < position && header.first >= key.fromSeq && last < key.toSeq
    return counts
      ? ok(key)
      : refuse(
          'UNKNOWN_KEY',
          `key ${header.key} does not count for records ${header.first} to ${last}`,
          'header.key',
        )
  }

  private device(name: string): RingDevice {
    let device = this.devices.get(name)
    if (!device) {
      device = { revokedAt: Number.POSITIVE_INFINITY, keys: new Map() }
      this.devices.set(name, device)
    }
    return device
  }

  /** Adds a key and returns its name in the ring; a key announced again counts from the lower number. */
  private add(
    device: RingDevice,
    channel: string,
    algorithm: Algorithm,
    text: string,
    fromSeq: number,
    position: number,
  ): Result<string> {
    const publicKey = fromBase64(text)
    if (!publicKey || !Object.hasOwn(this.platform.suites, algorithm))
      return refuse('MALFORMED', 'not a key of a known algorithm', 'publicKey')
    const verifier = this.platform.suites[algorithm].verifier(publicKey)
    if (!verifier.ok) return verifier
    const name = `${channel} ${toHex(this.platform.sha256(publicKey)).slice(0, 16)}`
    const known = device.keys.get(name)
    device.keys.set(name, {
      algorithm,
      publicKey,
      fromSeq: Math.min(known?.fromSeq ?? fromSeq, fromSeq),
      toSeq: Number.POSITIVE_INFINITY,
      sincePosition: Math.min(known?.sincePosition ?? position, position),
    })
    return ok(name)
  }
}
