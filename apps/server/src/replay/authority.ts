import { channelOf, type Transaction } from '@oiltrail/store'
import type { VouchedKeys } from './entries.ts'
import type { Findings } from './findings.ts'

/** The keys by which the gateway believes devices must all stand in the log: nobody slipped one in. */
export async function auditKeys(
  tx: Transaction,
  county: number,
  vouched: VouchedKeys,
  findings: Findings,
): Promise<void> {
  const { rows } = await tx.query<{ device: string; channel: number; key_id: string; public_key: Buffer }>(
    'select device, channel, key_id, public_key from device_key where county = $1 order by device, channel, key_id',
    [county],
  )
  for (const row of rows) {
    const name = `${row.device} ${channelOf(row.channel)} ${row.key_id}`
    const key = vouched.get(name)
    if (key === undefined)
      findings.add('inserted', 'device_key', name, 'no statement in the log makes this key known')
    else if (key !== row.public_key.toString('base64'))
      findings.add('altered', 'device_key', name, 'the log makes another public key known under this name')
  }
}
