import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { type EpochMs, toHex, utf8Bytes } from '@oiltrail/kernel'
import { encodeBatch } from '@oiltrail/protocols/uplink'
import { type Fault, inForce } from './fault.ts'

/** The forger does not know where the chain stands; nobody gets that far. */
const FIRST = 1
const GENESIS = '0'.repeat(64)

/** A batch in the name of a device, in perfect form, chained and signed, with a key that nobody enrolled. */
export function forgedBatch(county: string, device: string, at: EpochMs): Uint8Array {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const line = utf8Bytes(JSON.stringify({ seq: FIRST, at, kind: 'health', event: 'heartbeat', subject: '' }))
  const head = createHash('sha256').update(Buffer.alloc(32)).update(line).digest()
  return encodeBatch(
    {
      county,
      device,
      channel: 'volume',
      first: FIRST,
      before: GENESIS,
      head: toHex(new Uint8Array(head)),
      lines: [line],
    },
    {
      algorithm: 'Ed25519',
      publicKey: new Uint8Array(der),
      keyId: createHash('sha256').update(der).digest('hex').slice(0, 16),
      sign: (message) => new Uint8Array(sign(null, message, privateKey)),
    },
  )
}

/** An attacker sends a batch to the platform in the name of the site's collector. */
export const forgedBatchSent: Fault = {
  name: 'forged-batch',
  zh: '攻击者冒用采集器报送伪造批次',
  en: 'An attacker sends a forged batch in the name of the collector',
  subject: 'none',
  only: 'live',
  begin(target, at) {
    const { device } = target.devices.site.plan
    target.send?.(forgedBatch(target.world.plan.county, device, at))
    return inForce(target, 'forged-batch', () => undefined)
  },
}
