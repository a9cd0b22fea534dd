import type { Fact, FactOf } from '@oiltrail/domain'
import { type Channel, DAY_MS, type EpochMs, fromChina, HOUR_MS } from '@oiltrail/kernel'
import { describe, expect, test } from 'vitest'
import { planCounty } from '../src/county/county.ts'
import { FAULTS } from '../src/faults/registry.ts'
import { type StagedHistory, stageHistory } from '../src/history/staged.ts'
import type { Statement } from '../src/physics/tampering.ts'

const STARTS_AT = fromChina(2026, 11, 23)
const SITE = 'S001'

interface Recorded {
  readonly channel: Channel
  readonly at: EpochMs
  readonly recordedAt: EpochMs
  readonly fact: Fact
}

interface Played {
  readonly staged: StagedHistory
  readonly records: readonly Recorded[]
  readonly statements: readonly Statement[]
  of<K extends Fact['kind']>(kind: K): (FactOf<K> & { at: EpochMs })[]
}

/** Two days of one station with a misdeed ordered at the beginning. */
function lived(order: string | undefined, days = 2): Played {
  const whole = planCounty(7, STARTS_AT)
  const plan = { ...whole, sites: whole.sites.filter(({ site }) => [SITE, 'D001'].includes(site.site)) }
  const records: Recorded[] = []
  const statements: Statement[] = []
  const sink = {
    add: (_device: string, channel: Channel, at: EpochMs, fact: Fact, recordedAt: EpochMs) =>
      void records.push({ channel, at, recordedAt, fact }),
    flush: () => undefined,
  }
  const staged = stageHistory(plan, STARTS_AT, sink, { sites: [SITE] })
  staged.world.witnesses.push({ stated: (_site, statement) => void statements.push(statement) })
  if (order !== undefined) expect(staged.desk.order(order)).toMatchObject({ ok: true })
  for (let at = STARTS_AT; at <= STARTS_AT + days * DAY_MS; at += HOUR_MS) staged.world.advanceTo(at)
  return {
    staged,
    records,
    statements,
    of: (kind) =>
      records.filter(({ fact }) => fact.kind === kind).map(({ at, fact }) => ({ ...fact, at })) as never,
  }
}

const NOZZLE = (() => {
  const plan = planCounty(7, STARTS_AT).sites.find(({ site }) => site.site === SITE)!
  return plan.dispensers.find(({ tapped }) => tapped)!.nozzles[0]!
})()
const honest = lived(undefined)
const sums = (list: readonly { nozzle: string; volumeMillilitres: number }[]): number =>
  list.filter(({ nozzle }) => nozzle === NOZZLE.nozzle).reduce((sum, each) => sum + each.volumeMillilitres, 0)

describe('misdeeds in a history, as collectors record them', () => {
  test.each(FAULTS.filter(({ only }) => only !== 'live').map(({ name }) => [name]))(
    '%s leaves the records of the time before it as they were',
    (name) => {
      const played = lived(`${name}@${SITE}+86400~7200`)
      const before = (records: readonly Recorded[]): string =>
        JSON.stringify(records.filter(({ recordedAt }) => recordedAt < STARTS_AT + DAY_MS))
      expect(before(played.records)).toBe(before(honest.records))
      expect([...played.staged.devices(SITE)!.site.tampering.active]).toEqual([])
    },
  )

  test('double books: the encoder counts what flows, board and tax memory two per cent less', () => {
    const played = lived(`double-books@${SITE}`)
    const ratio = sums(played.of('receipt')) / sums(played.of('sale'))
    expect(ratio).toBeCloseTo(0.98, 3)
    expect(sums(played.of('sale'))).toBe(sums(honest.of('sale')))
    const grand = played
      .of('board-total')
      .find((each) => each.period === 'grand' && each.nozzle === NOZZLE.nozzle)!
    expect(grand.volumeMillilitres).toBeLessThan(
      honest.of('board-total').find((each) => each.period === 'grand' && each.nozzle === NOZZLE.nozzle)!
        .volumeMillilitres,
    )
  })

  test('meter wheel: every witness but the tank tells the same story', () => {
    const played = lived(`meter-wheel@${SITE}`)
    expect(sums(played.of('receipt'))).toBe(sums(played.of('sale')))
    const soldOf = ({ staged }: Played): number =>
      staged.devices(SITE)!.site.nozzles.reduce((sum, nozzle) => sum + nozzle.truth.trueMillilitres, 0)
    expect(soldOf(played) / soldOf(honest)).toBeCloseTo(1 / 1.01, 4)
  })

  test('missing sales: a quarter of the sales is in the totalizer and not in the tax memory', () => {
    const played = lived(`missing-sales@${SITE}`)
    const of = (list: readonly { nozzle: string }[]): number =>
      list.filter(({ nozzle }) => nozzle === NOZZLE.nozzle).length
    const sales = of(played.of('sale'))
    expect(of(played.of('receipt'))).toBe(sales - Math.floor(sales / 4))
    const last = played.of('receipt').findLast(({ nozzle }) => nozzle === NOZZLE.nozzle)!
    expect(last.totalMillilitres - NOZZLE.openingMillilitres).toBeGreaterThan(sums(played.of('receipt')))
  })

  test('unplugged: nothing is recorded meanwhile, and the totalizers afterwards show what was sold', () => {
    const played = lived(`unplugged@${SITE}+36000~14400`)
    const from = STARTS_AT + 36_000_000
    const to = from + 14_400_000
    expect(played.records.filter(({ recordedAt }) => recordedAt > from && recordedAt < to)).toEqual([])
    const totals = played.of('total').filter(({ at }) => at >= to && at < to + 60_000)
    expect(new Set(totals.map(({ nozzle }) => nozzle)).size).toBe(11)
    expect(sums(played.of('sale'))).toBeLessThan(sums(honest.of('sale')))
  })

  test('line cut: receipts go on, sales of the nozzle do not, and lost pulses never come back', () => {
    const played = lived(`line-cut@${SITE}:${NOZZLE.nozzle}+36000~14400`)
    const line = played.of('line').filter(({ nozzle }) => nozzle === NOZZLE.nozzle)
    expect(line.map(({ state }) => state)).toEqual(['normal', 'cut', 'normal', 'normal'])
    expect(sums(played.of('receipt'))).toBe(sums(honest.of('receipt')))
    expect(sums(played.of('sale'))).toBeLessThan(sums(honest.of('sale')))
    const totals = played.of('sale').filter(({ nozzle }) => nozzle === NOZZLE.nozzle)
    for (let i = 1; i < totals.length; i++) {
      const grown = totals[i]!.totalMillilitres - totals[i - 1]!.totalMillilitres
      expect(Math.abs(grown - totals[i]!.volumeMillilitres)).toBeLessThan(80_000)
    }
  })

  test('a leak loses 0.757 L an hour, to the millilitre of the ledger', () => {
    const played = lived(`leak-slow@${SITE}:1`)
    const tank = played.staged.devices(SITE)!.site.tanks.get('1')!
    expect(tank.ledger.lost20 / 1000).toBeCloseTo(0.757 * 48, 0)
    const { opening20, delivered20, sold20, evaporated20, lost20 } = tank.ledger
    expect(tank.content20).toBe(opening20 + delivered20 - sold20 - evaporated20 - lost20)
  })

  test('a delivery by night has no notice; every honest one has one before it comes', () => {
    const notices = honest.statements.filter((each) => each.type === 'notice' && each.notice.site === SITE)
    const deliveries = lived(undefined, 6)
    const seen = deliveries.of('delivery')
    expect(seen.length).toBeGreaterThan(3)
    for (const { tank, startedAt } of seen)
      expect(
        deliveries.statements.some(
          (each) =>
            each.type === 'notice' &&
            each.notice.tank === tank &&
            each.at < startedAt &&
            Math.abs(each.notice.expectedAt - startedAt) < HOUR_MS,
        ),
      ).toBe(true)
    const night = lived(`night-delivery@${SITE}:1+90000`)
    expect(
      night.statements.filter((each) => each.type === 'notice' && each.notice.site === SITE).length,
    ).toBe(notices.length)
    const rise = night
      .of('delivery')
      .find(({ tank, startedAt }) => tank === '1' && startedAt === STARTS_AT + 90_000_000)
    expect((rise!.endMillilitres - rise!.startMillilitres) / 1e6).toBeCloseTo(5, 0)
  })

  test('clock turned back: records go on in their chain with times two hours older', () => {
    const played = lived(`clock-back@${SITE}+36000~14400`)
    const steps = played.of('health').filter(({ event }) => event === 'clock-stepped')
    expect(steps.map(({ value }) => value)).toEqual([-7_200_000, -7_200_000, 7_200_000, 7_200_000])
    const inside = played.records.filter(
      ({ recordedAt }) => recordedAt > STARTS_AT + 36_060_000 && recordedAt < STARTS_AT + 50_000_000,
    )
    expect(inside.length).toBeGreaterThan(100)
    for (const { at, recordedAt, fact } of inside)
      if (fact.kind !== 'delivery') expect(recordedAt - at).toBe(7_200_000)
  })

  test('what works on live sockets only is refused in a history, and the other way round', () => {
    const { staged } = lived(undefined, 0)
    expect(staged.desk.order(`port-closed@${SITE}`)).toMatchObject({
      ok: false,
      problem: { code: 'INVALID_REQUEST' },
    })
  })
})
