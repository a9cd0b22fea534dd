import { createPublicKey, createVerify, hash } from 'node:crypto'
import { suites } from '@oiltrail/evidence/node'
import { ok } from '@oiltrail/kernel'
import { verifyBatch } from '@oiltrail/protocols/uplink'
import { nextBatch, type SignedBatch, testLanes } from '../../test/fleet/fleet.ts'
import { type Benchmark, costText, figure, interleaved, timed } from '../figure.ts'

const BATCHES = 400
const RECORDS = 100
const REPETITIONS = 5
/** Z of the identity 1234567812345678 is the same work for both sides; its value does not matter to the bare loop's cost. */
const LONGEST_LINE_BYTES = 4_096
const SM2_SPKI_POINT_BYTES = 65

interface Bare {
  readonly lines: readonly Buffer[]
  readonly signed: Buffer
  readonly signature: Buffer
}

/** What the bare loop is given: the lines already cut, the signature already decoded. */
function cut(batch: SignedBatch): Bare {
  const lines = Buffer.from(batch.bytes).toString('latin1').split('\n')
  const { sig } = JSON.parse(lines.at(-2)!) as { sig: string }
  return {
    lines: lines.slice(1, -2).map((line) => Buffer.from(line, 'latin1')),
    signed: Buffer.from(`${lines[0]}\n${batch.head}`, 'latin1'),
    signature: Buffer.from(sig, 'base64'),
  }
}

function bareZ(publicKey: Uint8Array): Buffer {
  const point = Buffer.from(publicKey.subarray(-SM2_SPKI_POINT_BYTES + 1))
  const curve =
    'fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93' +
    '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0'
  const input = Buffer.concat([
    Buffer.from('0080', 'hex'),
    Buffer.from('1234567812345678'),
    Buffer.from(curve, 'hex'),
    point,
  ])
  return hash('sm3', input, 'buffer')
}

/** Verification alone: SM3 chain and one SM2 signature for 100 records, against the same primitives in a bare loop. */
export const verification: Benchmark = {
  name: 'verification',
  async run() {
    const lane = testLanes(0)[0]!
    const batches = Array.from({ length: BATCHES }, () => nextBatch(lane, RECORDS, 1_795_413_932_000))
    const bare = batches.map(cut)
    const { publicKey } = lane.key.signer
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    const z = bareZ(publicKey)
    const found = ok({ algorithm: 'SM2-SM3' as const, publicKey })
    const costs = await interleaved(REPETITIONS, {
      product: () =>
        timed(() => {
          for (const batch of batches)
            if (!verifyBatch(batch.bytes, () => found, suites).ok) throw new Error('a good batch was refused')
        }),
      bare: () =>
        timed(() => {
          for (const batch of bare) {
            const room = Buffer.alloc(32 + LONGEST_LINE_BYTES)
            for (const line of batch.lines) {
              line.copy(room, 32)
              // Text out, text in: on Node 20 the quickest way through OpenSSL for short inputs.
              room.write(hash('sm3', room.subarray(0, 32 + line.length), 'binary'), 0, 'latin1')
            }
            if (!createVerify('sm3').update(z).update(batch.signed).verify(key, batch.signature))
              throw new Error('a good signature was refused')
          }
        }),
    })
    const records = BATCHES * RECORDS
    return [
      figure(
        'verification against bare crypto loop',
        'records/s',
        { value: records / costs.product.seconds, against: records / costs.bare.seconds },
        ['>=', 0.7],
        [`product ${costText(costs.product)}; bare ${costText(costs.bare)}`],
      ),
    ]
  },
}
