import type { EpochMs } from '@oiltrail/kernel'
import type { RecordedFact } from '../facts/index.ts'
import type { Tank } from '../registry/site.ts'
import type { Ref } from '../rules/event.ts'
import { volume20Millilitres } from './volume20.ts'

/**
 * A tank's level beside what its nozzles and arms drew, both in millilitres at 20 °C. A reading is judged only when every
 * sale that was under way at its moment is stated (`LEVEL_SETTLE_MS`), with the part of each that had flowed by then.
 */

/** Longest fuelling to wait for: 320 L into a lorry take 11 minutes. */
export const LEVEL_SETTLE_MS = 15 * 60_000
/** Readings closer together say little more, and cost: a leak shows in hours, a theft in tens of minutes. */
const LEVEL_GRAIN_MS = 570_000
const MOST_PENDING = 12
/** Fuellings and loads within the settling time; beyond it the oldest count as drawn. */
const MOST_DRAWS = 96
/** Growth of a totalizer without a sale is the fuelling under way, up to this much; after a pause in the readings it was sold in the dark. */
const RUNNING_MILLILITRES = 600_000
const RUNNING_MS = 10 * 60_000
const PAUSE_MS = 30 * 60_000
/** A totalizer unseen for longer says nothing: the nozzle may have drawn from another tank meanwhile. */
const TOTAL_STALE_MS = 26 * 3_600_000
/** Bit 2 of a gauge's status: its height is not valid. */
const INVALID_BIT = 4

/** Gauges: ripple and electronics of one reading, and a temperature rounded to 0.1 °C. */
const NOISE_MILLIMETRES = 0.3
const NOISE_CELSIUS = 0.06
const EXPANSION_PER_CELSIUS = 0.0012

interface Reading {
  readonly at: EpochMs
  readonly v20: number
  readonly delivering: boolean
  readonly share: number
  readonly ref: Ref
}

interface Draw {
  readonly by: string
  readonly from: EpochMs
  readonly to: EpochMs
  readonly v20: number
}

/** State; plain data. */
export interface TankTrack {
  readonly readings: readonly Reading[]
  readonly draws: readonly Draw[]
  /** Drawn and over, by nozzle or arm. */
  readonly drawn: Readonly<Record<string, number>>
  /** All of it. */
  readonly drawnSum: number
  readonly totals: Readonly<Record<string, readonly [total: number, at: EpochMs]>>
  /** Volume factor to 20 °C of the newest reading. */
  readonly factor: number
  /** When the newest reading came, and since when they have come without a pause. */
  readonly readAt: EpochMs
  readonly readSince: EpochMs
}

export const NO_TRACK: TankTrack = {
  readings: [],
  draws: [],
  drawn: {},
  drawnSum: 0,
  totals: {},
  factor: 1,
  readAt: 0,
  readSince: 0,
}

/** A settled reading. */
export interface TankPoint {
  readonly at: EpochMs
  /** Contents at 20 °C by the gauge. */
  readonly v20: number
  /** Drawn since the track began, by nozzle or arm, and in all. */
  readonly drawn: Readonly<Record<string, number>>
  readonly drawnSum: number
  /** Contents plus what was drawn: stands still in a sound tank, rises with a delivery, falls with a loss. */
  readonly held: number
  readonly delivering: boolean
  /** Contents as a share of the capacity. */
  readonly share: number
  readonly ref: Ref
}

/** What a tank held at a settled reading, as it is remembered for a while: `TankPoint` without its parts. */
export type TankMoment = Pick<TankPoint, 'at' | 'held' | 'v20' | 'ref'>

/** Millilitres by which a millimetre of height moves the volume at the widest place of a tank. */
export function millilitresPerMillimetre(tank: Tank): number {
  return (4 * tank.capacityMillilitres) / (Math.PI * tank.diameterMillimetres)
}

/** Standard deviation in millilitres of one gauge reading of a tank that holds `v20`. */
export function readingDeviation(tank: Tank, v20: number): number {
  return Math.hypot(
    NOISE_MILLIMETRES * millilitresPerMillimetre(tank),
    NOISE_CELSIUS * EXPANSION_PER_CELSIUS * v20,
  )
}

/** What a step of a track answers. */
export interface TrackStep {
  readonly track: TankTrack
  /** Readings that settled with this fact, oldest first. */
  readonly points: readonly TankPoint[]
}

/** Takes a fact of the tank, its nozzles or its arms. */
export function trackFact(before: TankTrack, fact: RecordedFact, ref: Ref, tank: Tank): TrackStep {
  return settled(taken(before, fact, ref, tank), fact.at)
}

function taken(track: TankTrack, fact: RecordedFact, ref: Ref, tank: Tank): TankTrack {
  switch (fact.kind) {
    case 'level':
      return levelTaken(track, fact, ref, tank)
    case 'sale':
      return drawTaken(
        track,
        fact.nozzle,
        fact.totalMillilitres,
        fact.volumeMillilitres,
        fact.startedAt,
        fact.at,
      )
    case 'total':
      return drawTaken(track, fact.nozzle, fact.totalMillilitres, 0, fact.at, fact.at)
    case 'load':
      return drawTaken(
        track,
        fact.arm,
        fact.totalMillilitres,
        fact.volumeMillilitres,
        fact.startedAt,
        fact.at,
      )
    default:
      return track
  }
}

function levelTaken(
  track: TankTrack,
  fact: Extract<RecordedFact, { kind: 'level' }>,
  ref: Ref,
  tank: Tank,
): TankTrack {
  if ((fact.statusBits & INVALID_BIT) !== 0) return track
  const readSince = fact.at - track.readAt > PAUSE_MS ? fact.at : track.readSince
  const last = track.readings.at(-1)
  const delivering = (fact.statusBits & 1) !== 0
  if (last && fact.at - last.at < LEVEL_GRAIN_MS && delivering === last.delivering)
    return {
      readings: track.readings,
      draws: track.draws,
      drawn: track.drawn,
      drawnSum: track.drawnSum,
      totals: track.totals,
      factor: track.factor,
      readAt: fact.at,
      readSince,
    }
  const v20 = volume20Millilitres(fact.volumeMillilitres, fact.temperatureCentiCelsius, tank.grade)
  const factor = fact.volumeMillilitres > 0 ? v20 / fact.volumeMillilitres : track.factor
  const share = fact.volumeMillilitres / tank.capacityMillilitres
  const reading = { at: fact.at, v20, delivering, share, ref }
  return {
    readings: [...track.readings.slice(-(MOST_PENDING - 1)), reading],
    draws: track.draws,
    drawn: track.drawn,
    drawnSum: track.drawnSum,
    totals: track.totals,
    factor,
    readAt: fact.at,
    readSince,
  }
}

/** What flowed since the totalizer was last known: the sale itself, and whatever nobody stated. */
function drawTaken(
  track: TankTrack,
  by: string,
  total: number,
  volume: number,
  startedAt: EpochMs,
  at: EpochMs,
): TankTrack {
  const last = track.totals[by]
  const totals = { ...track.totals, [by]: [total, at] as const }
  const known = last && total >= last[0] && at - last[1] < TOTAL_STALE_MS
  const grown = known ? total - last[0] : volume
  if (grown <= 0) return drew(track, totals, track, track.draws)
  if (track.readings.length === 0) {
    // No reading waits, and those to come are younger: by then all of it has flowed.
    const v20 = grown * track.factor
    const drawn = { ...track.drawn, [by]: (track.drawn[by] ?? 0) + v20 }
    return drew(track, totals, { drawn, drawnSum: track.drawnSum + v20 }, track.draws)
  }
  const draws = track.draws.slice()
  const stated = Math.min(grown, volume)
  const since = known ? last[1] : startedAt
  if (stated > 0)
    draws.push({
      by,
      from: Math.max(startedAt, stated < volume ? since : startedAt),
      to: at,
      v20: stated * track.factor,
    })
  const unstated = grown - stated
  if (unstated > 0) {
    const running = volume === 0 && unstated <= RUNNING_MILLILITRES && track.readSince <= since
    const from = running ? Math.max(since, at - RUNNING_MS) : since
    draws.push({ by, from, to: Math.max(volume > 0 ? startedAt : at, from), v20: unstated * track.factor })
  }
  const next = drew(track, totals, track, draws)
  return draws.length > MOST_DRAWS ? folded(next, at - LEVEL_SETTLE_MS) : next
}

function drew(
  { readings, factor, readAt, readSince }: TankTrack,
  totals: TankTrack['totals'],
  { drawn, drawnSum }: Pick<TankTrack, 'drawn' | 'drawnSum'>,
  draws: TankTrack['draws'],
): TankTrack {
  return { readings, draws, drawn, drawnSum, totals, factor, readAt, readSince }
}

/** Draws that were over by a moment count as drawn; of more than can be kept, the oldest do as well. */
function folded(track: TankTrack, until: EpochMs): TankTrack {
  let over = 0
  for (const { to } of track.draws) if (to <= until) over++
  const tooMany = over > 0 ? 0 : track.draws.length - MOST_DRAWS
  if (over === 0 && tooMany <= 0) return track
  const drawn: Record<string, number> = { ...track.drawn }
  let { drawnSum } = track
  const draws: Draw[] = []
  for (const [i, draw] of track.draws.entries())
    if (draw.to <= until || i < tooMany) {
      drawn[draw.by] = (drawn[draw.by] ?? 0) + draw.v20
      drawnSum += draw.v20
    } else draws.push(draw)
  return drew(track, track.totals, { drawn, drawnSum }, draws)
}

const NO_POINTS: readonly TankPoint[] = []

function settled(before: TankTrack, now: EpochMs): TrackStep {
  const { readings } = before
  let count = 0
  while (count < readings.length && readings[count]!.at + LEVEL_SETTLE_MS <= now) count++
  if (count === 0) return { track: before, points: NO_POINTS }
  let track = before
  const points = readings.slice(0, count).map((reading) => {
    track = folded(track, reading.at)
    return pointOf(track, reading)
  })
  const { draws, drawn, drawnSum, totals, factor, readAt, readSince } = track
  return {
    track: { readings: readings.slice(count), draws, drawn, drawnSum, totals, factor, readAt, readSince },
    points,
  }
}

function pointOf(track: TankTrack, reading: Reading): TankPoint {
  const { at, v20, delivering, share, ref } = reading
  let drawn: Record<string, number> | undefined
  let { drawnSum } = track
  for (const draw of track.draws) {
    if (draw.from >= at) continue
    const part = draw.to <= at ? 1 : (at - draw.from) / (draw.to - draw.from)
    drawn ??= { ...track.drawn }
    drawn[draw.by] = (drawn[draw.by] ?? 0) + draw.v20 * part
    drawnSum += draw.v20 * part
  }
  return { at, v20, drawn: drawn ?? track.drawn, drawnSum, held: v20 + drawnSum, delivering, share, ref }
}
