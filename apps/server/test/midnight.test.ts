import { dayIndex, dayStart, HOUR_MS } from '@oiltrail/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiStand, fromNoon, openApiStand, sale } from './api.stand.ts'

const noon = fromNoon()
/** How much later than noon it is. */
let later = 0
let api: ApiStand
beforeAll(async () => {
  api = await openApiStand({ clock: () => noon() + later })
})
afterAll(() => api.close())

interface Today {
  readonly today: { readonly sales: number; readonly volumeMillilitres: number }
}

const overview = async (): Promise<Today['today']> => {
  const { body } = await api.call({ path: '/api/overview' })
  return (body as Today).today
}
const site = async (): Promise<Today['today']> => {
  const { body } = await api.call({ path: '/api/sites/S001' })
  return (body as { summary: Today }).summary.today
}

/** Sales of the county on the days before and after a midnight. */
async function days(midnight: number): Promise<number[]> {
  const query = `from=${dayStart(dayIndex(midnight) - 1)}&to=${dayStart(dayIndex(midnight) + 1)}&bucket=day&kind=sale`
  const { body } = await api.call({ path: `/api/statistics?${query}` })
  return (body as { sales: number }[]).map((row) => row.sales)
}

describe('midnight in China', () => {
  it('S3: what was sold today is yesterday’s a moment later, and what comes late is put into its own day', async () => {
    expect(await overview()).toMatchObject({ sales: 2, volumeMillilitres: 50_000 })
    const midnight = dayStart(dayIndex(api.now) + 1)
    later = midnight - api.now
    expect(api.stand.server.context.clock.now()).toBeGreaterThanOrEqual(midnight)
    expect(await overview()).toMatchObject({ sales: 0, volumeMillilitres: 0 })
    expect(await site()).toMatchObject({ sales: 0, volumeMillilitres: 0 })
    expect(await days(midnight)).toEqual([2])
    const late = midnight - HOUR_MS
    api.collector.volume.write(sale(late, '2', 7_000), sale(midnight + 1, '2', 11_000))
    await api.collector.send(api.collector.volume.batch(9, 10))
    await api.viewsFollow()
    expect(await overview()).toMatchObject({ sales: 1, volumeMillilitres: 11_000 })
    expect(await site()).toMatchObject({ sales: 1, volumeMillilitres: 11_000 })
    expect(await days(midnight)).toEqual([3, 1])
  })
})
