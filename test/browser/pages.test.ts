import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeWorld, startWorld, type World } from '../scenarios/world.ts'
import { launch, open as openPage, overflow, SIZES, type Size } from './browser.ts'

/** The pages in a real browser against a running county, as a duty officer, an inspector and an auditor use them. */

const PAGES = {
  cockpit: '/',
  sites: '/sites',
  site: '/sites/S001',
  statistics: '/statistics',
  devices: '/devices',
  log: '/log',
}
/** With this set the tests also write pictures of all pages there. */
const PICTURES = process.env.OILTRAIL_PICTURES

let world: World
let browser: Browser

beforeAll(async () => {
  browser = await launch()
  world = await startWorld({ seed: 7, days: PICTURES ? 30 : 2, speed: PICTURES ? 1 : 4 })
  if (PICTURES) mkdirSync(PICTURES, { recursive: true })
}, 300_000)

afterAll(async () => {
  await browser?.close()
  if (!world) return
  await world.stop()
  removeWorld(world)
})

const open = (path: string, size: Size = SIZES.office) => openPage(browser, world.base, path, size)

describe('every page', () => {
  it.each(Object.values(SIZES))(
    'at %i×%i shows without errors, foreign addresses or sideways scrolling, in both languages',
    async (width, height) => {
      for (const [name, path] of Object.entries(PAGES))
        for (const language of ['zh', 'en'] as const) {
          const { page, complaints } = await open(`${path}?lang=${language}`, [width, height])
          await page.waitForTimeout(PICTURES ? 2_500 : 600)
          expect(await overflow(page), `${name} ${language}`).toBeLessThanOrEqual(0)
          expect(complaints, `${name} ${language}`).toEqual([])
          const text = (await page.textContent('body')) ?? ''
          if (language === 'zh') expect(text, name).toMatch(/油踪|凤冈/)
          else expect(text, name).toMatch(/OilTrail|Fenggang/i)
          if (PICTURES)
            await page.screenshot({
              path: join(PICTURES, `${name}-${width}${language === 'en' ? '-en' : ''}.png`),
              fullPage: width === 390 && name === 'site',
            })
          await page.close()
        }
    },
    240_000,
  )
})

describe('the duty officer', () => {
  it('S2 S3: the cockpit shows the same litres as the interface, and grows by itself', async () => {
    const { page } = await open('/', [1920, 1080])
    const overview = await world.get<{ today: { volumeMillilitres: number }; log: { size: number } }>(
      '/api/overview',
    )
    const shown = async (): Promise<number> => {
      const text = (await page.textContent('body')) ?? ''
      return Math.max(
        ...[...text.matchAll(/日志\s*#\s?([0-9,]+)/g)].map((match) => Number(match[1]!.replaceAll(',', ''))),
        0,
      )
    }
    await expect.poll(shown, { timeout: 30_000 }).toBeGreaterThanOrEqual(overview.log.size)
    const before = await shown()
    await expect.poll(shown, { timeout: 60_000 }).toBeGreaterThan(before)
    await page.close()
  }, 120_000)
})

describe('the tax inspector', () => {
  it('S2: the address holds the question, so that it can be sent to a colleague', async () => {
    const { page } = await open('/statistics')
    // The second row is yesterday: it stands still while today grows.
    const yesterday = (of: Page): Promise<string | null> =>
      of.locator('table tbody tr').nth(1).textContent({ timeout: 20_000 })
    const seen = await yesterday(page)
    expect(seen).toMatch(/^20\d\d-\d\d-\d\d/)
    const address = new URL(page.url())
    const second = await open(address.pathname + address.search)
    expect(await yesterday(second.page)).toBe(seen)
    await second.page.close()
    await page.close()
  })
})

describe('the auditor', () => {
  it('B1: proves a record in the browser, and is told when it was altered', async () => {
    const { position } = await world.get<{ position: number }>(
      '/api/log/find?device=520327-S001-A&channel=volume&seq=5',
    )
    const { raw } = await world.get<{ raw: string }>(`/api/log/entries/${position}`)
    const batch = Buffer.from(raw, 'base64').toString('utf8')
    const { page } = await open('/log')
    const verdict = async (text: string): Promise<string> => {
      await page.getByText('粘贴或拖入').click()
      await page.locator('textarea').first().fill(text)
      await page.getByRole('button', { name: /验证/ }).first().click()
      await page.waitForTimeout(4_000)
      return (await page.textContent('body')) ?? ''
    }
    expect(await verdict(batch)).toContain('全部通过')
    const altered = batch.replace(/"at":(\d)/, '"at":9')
    expect(await verdict(altered)).toContain('未能证明')
    await page.close()
  }, 120_000)
})
