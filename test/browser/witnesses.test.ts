import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DAY_MS, dayIndex, dayStart, HOUR_MS } from '@oiltrail/kernel'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rememberChart } from '../../apps/server/test/charts.history.ts'
import { openStand, type Stand, until } from '../../apps/server/test/stand.ts'
import { siteOf } from '../../apps/server/test/views.history.ts'
import { LOW_LEVEL } from '../../apps/server/test/watch.rules.ts'
import { launch, open, overflow, SIZES } from './browser.ts'

/** The page of the three witnesses in a real browser, over a real server: an inspector reads it, a person decides a chart. */

const SITE = 'S001'
const PATH = `/sites/${SITE}/witnesses`
const DAYS = 3
/** An hour's sales by pulses, millilitres; the board books 2 % less. */
const HOURLY = 300_000
const BOOKED = 0.98
/** With this set pictures of the page are written there. */
const PICTURES = process.env.OILTRAIL_PICTURES

let stand: Stand
let browser: Browser
let token: string

/** Three days of nozzle 1 and tank 1, hour by hour; the other tanks of the site say nothing. */
async function tellDays(): Promise<void> {
  const { server } = stand
  const now = server.context.clock.now()
  const begins = dayStart(dayIndex(now) - DAYS)
  const document = siteOf(SITE, { name: '永和加油站', effectiveAt: begins - DAY_MS })
  const [first] = document.dispensers
  const own = { ...document, arms: [], tanks: [document.tanks[0]!] }
  const dispensers = [{ ...first!, nozzles: [first!.nozzles[0]!] }]
  const registered = await server.context.desk.registerSite('test', { ...own, dispensers })
  if (!registered.ok) throw new Error(registered.problem.detail)
  const collector = await stand.enrol(`520327-${SITE}-A`)
  collector.volume.write({
    at: begins - HOUR_MS,
    kind: 'line',
    nozzle: '1',
    state: 'normal',
    loopOhms: 1_000,
    phase: 'a-leads',
  })
  let held = 28_000_000
  let [pulses, board] = [100_000_000, 100_000_000]
  for (let at = begins - HOUR_MS / 2; at < now; at += HOUR_MS) {
    held -= HOURLY
    pulses += HOURLY
    const booked = Math.round(HOURLY * BOOKED)
    board += booked
    collector.volume.write(
      {
        at,
        kind: 'sale',
        nozzle: '1',
        volumeMillilitres: HOURLY,
        totalMillilitres: pulses,
        startedAt: at - 60_000,
        source: 'pulse',
      },
      {
        at: at + HOUR_MS / 2 - 1_000,
        kind: 'level',
        tank: '1',
        heightMicrometres: Math.round(held / 12),
        waterMicrometres: 0,
        temperatureCentiCelsius: 2_000,
        volumeMillilitres: held,
        correctedMillilitres: held,
        ullageMillilitres: 0,
        statusBits: 0,
      },
    )
    collector.price.write({
      at: at + 5_000,
      kind: 'receipt',
      nozzle: '1',
      volumeMillilitres: booked,
      amountFen: Math.round(booked * 0.75),
      priceFenPerLitre: 750,
      boardTime: '050101',
      totalMillilitres: board,
      totalFen: 1,
    })
  }
  for (const chain of [collector.volume, collector.price]) {
    // What lies half an hour ahead has not happened yet.
    const last = chain.lines.length - 1
    expect(await collector.send(chain.batch(1, last))).toMatchObject({ outcome: 'stored' })
  }
  await collector.close()
  const target = server.context.nextPosition()
  await until('the views follow', () => (server.context.followerPosition('views') ?? 0) >= target)
}

beforeAll(async () => {
  ;[stand, browser] = await Promise.all([openStand({ rules: [LOW_LEVEL] }), launch()])
  token = (await readFile(join(stand.data, 'admin-token'), 'utf8')).trim()
  await tellDays()
  const { store, county } = stand.server.context
  await rememberChart(store, county, SITE)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await stand?.close()
})

const text = (page: Page) => async (): Promise<string> =>
  (await page.getByRole('main').innerText()).replace(/\s+/gu, '')

describe('the three witnesses on screen', () => {
  it.each(Object.values(SIZES))(
    'B4: at %i×%i say what can be said, in both languages',
    async (width, height) => {
      for (const [language, says] of [
        ['zh', '脉冲与油罐站在一边,主板和税控少记'],
        ['en', 'pulsesandtankstandagainsttheboard'],
      ] as const) {
        const { page, complaints } = await open(browser, stand.server.url, `${PATH}?lang=${language}`, [
          width,
          height,
        ])
        await expect.poll(text(page)).toContain(says)
        expect(await overflow(page), language).toBeLessThanOrEqual(0)
        expect(complaints, language).toEqual([])
        if (PICTURES)
          await page.screenshot({
            path: join(PICTURES, `witnesses-${width}-${language}.png`),
            fullPage: true,
          })
        await page.close()
      }
    },
  )

  it('show the very figures of the interface', async () => {
    const response = await fetch(`${stand.server.url}/api/sites/${SITE}/witnesses?days=7`)
    const answer = (await response.json()) as { grades: { pairs: { says: { zh: string } }[] }[] }
    const { page } = await open(browser, stand.server.url, `${PATH}?lang=zh`)
    const says = answer.grades.flatMap(({ pairs }) => pairs.map((pair) => pair.says.zh.replace(/\s+/gu, '')))
    expect(says.length).toBeGreaterThan(0)
    for (const sentence of says) await expect.poll(text(page)).toContain(sentence)
    await page.close()
  })

  it('B4: a proposed chart waits until a person accepts it with a reason, and is found in the log', async () => {
    const { page, complaints } = await open(browser, stand.server.url, `${PATH}?lang=zh`)
    await expect.poll(text(page)).toContain('1号罐有建议的罐容表待审定')
    const accept = page.getByRole('button', { name: '采用', exact: true })
    expect(await accept.count()).toBe(0)
    await page.getByRole('button', { name: '输入令牌' }).click()
    await page.getByLabel('管理员令牌').fill(token)
    await page.getByLabel('经办人').fill('张三')
    await page.getByRole('button', { name: '使用', exact: true }).click()
    // Without a reason nothing can be decided.
    await expect.poll(() => accept.isDisabled()).toBe(true)
    await page.getByLabel('理由(记入存证日志)').fill('与检定证书一致')
    await accept.click()
    await expect.poll(text(page)).toContain('与检定证书一致')
    await expect.poll(text(page)).toMatch(/自.*起按新表计算/)
    await expect.poll(text(page)).not.toContain('1号罐有建议的罐容表待审定')
    const { history } = (await (await fetch(`${stand.server.url}/api/sites/${SITE}/charts`)).json()) as {
      history: { accepted: boolean; actor: string }[]
    }
    expect(history).toMatchObject([{ accepted: true, actor: '张三' }])
    expect(complaints).toEqual([])
    await page.close()
  })
})
