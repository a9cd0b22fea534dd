import type { Channel } from '@oiltrail/kernel'
import { channelNumber, channelOf } from './log.ts'
import { Pipeline } from './pipeline.ts'
import type { Transaction } from './pool.ts'

/** A device that may speak. */
export interface DeviceRow {
  readonly device: string
  readonly site: string
  /** SHA-256 of its transport token. */
  readonly tokenHash: Uint8Array
  readonly enrolledAt: number
}

/** A public key of a channel, and which records it may sign. */
export interface DeviceKeyRow {
  readonly device: string
  readonly channel: Channel
  /** First 16 hex digits of the SHA-256 of `publicKey`. */
  readonly keyId: string
  readonly algorithm: string
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** Signs batches whose first record is at or after this … */
  readonly fromSeq: number
  /** … and whose last is before this, once replaced. */
  readonly toSeq?: number
}

/** Devices of a county, or one of them. */
export async function readDevices(
  tx: Pick<Transaction, 'query'>,
  county: number,
  device?: string,
): Promise<DeviceRow[]> {
  const { rows } = await tx.query<{ device: string; site: string; token_hash: Buffer; enrolled_at: number }>(
    `select device, site, token_hash, enrolled_at from device
     where county = $1 and ($2::text is null or device = $2)`,
    [county, device ?? null],
  )
  return rows.map((row) => ({
    device: row.device,
    site: row.site,
    tokenHash: row.token_hash,
    enrolledAt: row.enrolled_at,
  }))
}

/** Keys of a county's devices, or of one of them, oldest first. Keys of revoked devices stay, for their old batches. */
export async function readDeviceKeys(
  tx: Pick<Transaction, 'query'>,
  county: number,
  device?: string,
): Promise<DeviceKeyRow[]> {
  const { rows } = await tx.query<{
    device: string
    channel: number
    key_id: string
    algorithm: string
    public_key: Buffer
    from_seq: number
    to_seq: number | null
  }>(
    `select device, channel, key_id, algorithm, public_key, from_seq, to_seq from device_key
     where county = $1 and ($2::text is null or device = $2) order by device, channel, from_seq`,
    [county, device ?? null],
  )
  return rows.map((row) => ({
    device: row.device,
    channel: channelOf(row.channel),
    keyId: row.key_id,
    algorithm: row.algorithm,
    publicKey: row.public_key,
    fromSeq: row.from_seq,
    ...(row.to_seq === null ? {} : { toSeq: row.to_seq }),
  }))
}

/** Lets a device speak: a new one, or one whose box got new keys and a new token. */
export async function enrolDevice(tx: Transaction, county: number, row: DeviceRow): Promise<void> {
  await tx.query(
    `insert into device (county, device, site, token_hash, enrolled_at) values ($1, $2, $3, $4, $5)
     on conflict (county, device)
     do update set site = excluded.site, token_hash = excluded.token_hash, enrolled_at = excluded.enrolled_at`,
    [county, row.device, row.site, row.tokenHash, row.enrolledAt],
  )
}

/** Forbids a device to speak. Its keys stay: its old batches must remain provable. False when there is none. */
export async function revokeDevice(tx: Transaction, county: number, device: string): Promise<boolean> {
  const { rowCount } = await tx.query('delete from device where county = $1 and device = $2', [
    county,
    device,
  ])
  return rowCount === 1
}

/** Adds a key and ends those before it, which sign nothing from record `endOthersAt` on. */
export async function addDeviceKey(
  tx: Transaction,
  county: number,
  key: DeviceKeyRow,
  endOthersAt: number,
): Promise<void> {
  const writes = new Pipeline()
  writeDeviceKey(writes, county, key, endOthersAt)
  await writes.run(tx)
}

/** As `addDeviceKey`, as part of a pipeline. */
export function writeDeviceKey(to: Pipeline, county: number, key: DeviceKeyRow, endOthersAt: number): void {
  const of = [county, key.device, channelNumber(key.channel), key.keyId]
  to.add({
    name: 'end_device_keys',
    text: `update device_key set to_seq = least(coalesce(to_seq, $5), $5)
           where county = $1 and device = $2 and channel = $3 and key_id <> $4`,
    values: [...of, endOthersAt],
  })
  to.add({
    name: 'add_device_key',
    text: `insert into device_key (county, device, channel, key_id, algorithm, public_key, from_seq)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (county, device, channel, key_id)
           do update set to_seq = null, from_seq = least(device_key.from_seq, excluded.from_seq)`,
    values: [...of, key.algorithm, key.publicKey, key.fromSeq],
  })
}

/** A one-time enrolment code as stored: only its hash. */
export interface EnrolCodeRow {
  /** SHA-256 of the code. */
  readonly codeHash: Uint8Array
  readonly device: string
  readonly site: string
  readonly expiresAt: number
}

/** Stores a code, and throws away the ones that nobody redeemed in time. */
export async function storeEnrolCode(
  tx: Transaction,
  county: number,
  row: EnrolCodeRow,
  now: number,
): Promise<void> {
  await tx.query('delete from enrol_code where county = $1 and used_at is null and expires_at < $2', [
    county,
    now,
  ])
  await tx.query(
    'insert into enrol_code (code_hash, county, device, site, expires_at) values ($1, $2, $3, $4, $5)',
    [row.codeHash, county, row.device, row.site, row.expiresAt],
  )
}

/** Uses a code up, if it is good for this device now. Returns the site it was issued for. */
export async function redeemEnrolCode(
  tx: Transaction,
  county: number,
  codeHash: Uint8Array,
  device: string,
  now: number,
): Promise<string | undefined> {
  const { rows } = await tx.query<{ site: string }>(
    `update enrol_code set used_at = $4
     where code_hash = $2 and county = $1 and device = $3 and used_at is null and expires_at >= $4 returning site`,
    [county, codeHash, device, now],
  )
  return rows[0]?.site
}

/** What became of a code that was issued to a device and has not expired; undefined when there is none. */
export async function readEnrolCode(
  tx: Pick<Transaction, 'query'>,
  county: number,
  codeHash: Uint8Array,
  device: string,
  now: number,
): Promise<'open' | 'used' | undefined> {
  const { rows } = await tx.query<{ state: 'open' | 'used' }>(
    `select case when used_at is null then 'open' else 'used' end as state from enrol_code
     where code_hash = $2 and county = $1 and device = $3 and expires_at >= $4`,
    [county, codeHash, device, now],
  )
  return rows[0]?.state
}
