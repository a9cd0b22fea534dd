import { Prover } from '@oiltrail/evidence'
import { sha256 } from '@oiltrail/evidence/node'
import { toHex } from '@oiltrail/kernel'
import {
  channelOf,
  countRefusals,
  ENTRY_TYPES,
  findRecords,
  listEntries,
  listRefusedRecords,
  readDeviceKeys,
  readEntry,
  readLatestCheckpoint,
  readTile,
} from '@oiltrail/store'
import { type ApiParts, bounded, fail, type Handlers, unwrap } from './handler.ts'
import { checkpointShape, entryShape, refusedRecordShape } from './shape.ts'

const MAX_ENTRIES = 500
const REFUSED_RECORDS = 100
const REFUSED_OF_ENTRY = 1_000

/** Inclusion of a position in the newest checkpoint; undefined until one covers it. */
async function proofOf({ context }: ApiParts, position: number) {
  const { store, county } = context
  const checkpoint = await readLatestCheckpoint(store.pool, county)
  if (!checkpoint || checkpoint.size <= position) return undefined
  const prover = new Prover(sha256, ({ level, index }) => readTile(store.pool, county, level, index))
  const hashes = unwrap(await prover.inclusion(position, checkpoint.size))
  return { checkpoint: checkpointShape(checkpoint), hashes: hashes.map(toHex) }
}

export const logHandlers: Handlers<'entries' | 'entry' | 'find' | 'refusals'> = {
  async entries({ query }, { context }) {
    const rows = await listEntries(context.store.pool, context.county, {
      before: query.before,
      limit: bounded(query.limit, 1, MAX_ENTRIES, 'limit'),
      type: query.type === undefined ? undefined : ENTRY_TYPES.indexOf(query.type),
      device: query.device,
    })
    return rows.map(entryShape)
  },

  async entry({ params }, parts) {
    const { store, county } = parts.context
    const position = bounded(params.position, 0, Number.MAX_SAFE_INTEGER, 'position')
    const row = await readEntry(store.pool, county, position)
    if (!row) return fail('NOT_FOUND', `the log has no entry ${position}`, 'position')
    const [proof, keys, refused] = await Promise.all([
      proofOf(parts, position),
      row.device === null || row.channel === null ? [] : readDeviceKeys(store.pool, county, row.device),
      listRefusedRecords(store.pool, county, REFUSED_OF_ENTRY, position),
    ])
    return {
      ...entryShape(row),
      raw: row.raw.toString('base64'),
      leaf: row.leaf.toString('base64'),
      ...(proof ? { proof } : {}),
      keys: keys
        .filter((key) => key.channel === channelOf(row.channel!))
        .map((key) => ({
          keyId: key.keyId,
          algorithm: key.algorithm,
          publicKey: Buffer.from(key.publicKey).toString('base64'),
        })),
      refusedRecords: refused.map(refusedRecordShape),
    }
  },

  async find({ query }, { context }) {
    const { device, channel, seq } = query
    bounded(seq, 1, Number.MAX_SAFE_INTEGER, 'seq')
    const [position] = await findRecords(context.store.pool, context.county, [{ device, channel, seq }])
    if (position === undefined)
      return fail('NOT_FOUND', `record ${seq} of ${device} ${channel} is not in the log`, 'seq')
    return { position }
  },

  async refusals(_input, { context }) {
    const [byCode, records] = await Promise.all([
      countRefusals(context.store.pool, context.county),
      listRefusedRecords(context.store.pool, context.county, REFUSED_RECORDS),
    ])
    return {
      byCode: byCode.map(({ lastAt, ...row }) => ({ ...row, ...(lastAt === null ? {} : { lastAt }) })),
      records: records.map(refusedRecordShape),
    }
  },
}
