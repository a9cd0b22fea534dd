import { type Channel, type EpochMs, fromChina, type Problem } from '@oiltrail/kernel'
import { CHANNEL_OF_KIND, type RecordedFact } from '../facts/index.ts'

/** A collector's clock may run ahead of ours by this much (drift of an unsynchronised box over weeks). */
export const MAX_CLOCK_AHEAD_MS = 5 * 60_000
/** No collector existed before this moment. */
export const EARLIEST_AT: EpochMs = fromChina(2015, 1, 1)
/** A refuelling or a tanker's unloading never takes a day. */
const MAX_DURATION_MS = 86_400_000

/** What admission knows of a device's site when a record arrives. */
export interface Surroundings {
  readonly channel: Channel
  readonly receivedAt: EpochMs
  hasNozzle(code: string): boolean
  hasTank(code: string): boolean
  hasArm(code: string): boolean
}

/**
 * Whether one authenticated record can be believed. A record that cannot is kept in the log and listed with its code,
 * but counts nowhere; its batch and its neighbours are unharmed.
 */
export function believe(record: RecordedFact, around: Surroundings): Problem | undefined {
  const channel = CHANNEL_OF_KIND[record.kind]
  if (channel !== 'both' && channel !== around.channel)
    return {
      code: 'WRONG_CHANNEL',
      detail: `${record.kind} came on the ${around.channel} channel`,
      where: 'kind',
    }
  if (record.at > around.receivedAt + MAX_CLOCK_AHEAD_MS)
    return {
      code: 'CLOCK_FUTURE',
      detail: `${record.at - around.receivedAt} ms after it was received`,
      where: 'at',
    }
  if (record.at < EARLIEST_AT) return { code: 'CLOCK_ANCIENT', detail: `at ${record.at}`, where: 'at' }
  return believeSubject(record, around) ?? believeSpan(record)
}

function believeSubject(record: RecordedFact, around: Surroundings): Problem | undefined {
  const unknown = (where: string, code: string): Problem => ({
    code: 'UNKNOWN_SUBJECT',
    detail: `${where} ${code} is not registered`,
    where,
  })
  if ('nozzle' in record && !around.hasNozzle(record.nozzle)) return unknown('nozzle', record.nozzle)
  if ('tank' in record && !around.hasTank(record.tank)) return unknown('tank', record.tank)
  if ('arm' in record && !around.hasArm(record.arm)) return unknown('arm', record.arm)
  return undefined
}

function believeSpan(record: RecordedFact): Problem | undefined {
  if (!('startedAt' in record)) return undefined
  if (record.startedAt > record.at)
    return { code: 'OUT_OF_RANGE', detail: 'it ends before it starts', where: 'startedAt' }
  if (record.at - record.startedAt > MAX_DURATION_MS)
    return { code: 'OUT_OF_RANGE', detail: `it lasts ${record.at - record.startedAt} ms`, where: 'startedAt' }
  return undefined
}
