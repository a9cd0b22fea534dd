import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStand, type Stand, until } from '../../apps/server/test/stand.ts'
import { siteOf } from '../../apps/server/test/views.history.ts'
import type { Share } from '../../apps/web/src/share/standing.ts'
import { launch, open, openTab, overflow, SIZES, settled, soon } from './browser.ts'

/** C5: how handing the log on goes, in one look. Three real platforms: the house, one that takes over, one that is away. */

/** Nobody listens there. */
const AWAY = 'http://127.0.0.1:1/office'

let folder: string
let other: Stand
let house: Stand
let browser: Browser

const shares = async (): Promise<Share[]> =>
  (await (await fetch(`${house.server.url}/api/share/targets`)).json()) as Share[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-share-page-'))
  ;[other, browser] = await Promise.all([openStand(), launch()])
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, await readFile(join(other.data, 'admin-token')), { mode: 0o600 })
  const options = { 'share-url': `${other.server.url},${AWAY}`, 'share-token-file': tokenFile }
  house = await openStand({ options })
  const { context } = house.server
  await context.desk.registerSite('test', {
    ...siteOf('S001'),
    effectiveAt: context.clock.now() - 86_400_000,
  })
  const collector = await house.enrol('520327-S001-A')
  const now = context.clock.now()
  // What concerns the house alone is not offered to others, and so cannot be refused by them.
  const window = { site: 'S001', part: '', purpose: 'other', from: now, to: now + 60_000, note: '' } as const
  expect(await context.watch.window('test', window)).toMatchObject({ ok: true })
  collector.volume.fill(5)
  expect(await collector.send(collector.volume.batch(1, 5))).toMatchObject({ outcome: 'stored' })
  await until('handed on', async () => (await shares())[0]?.batches === 1)
  // From now on the other platform takes no more of this collector.
  const revoked = await other.server.context.desk.revokeDevice('test', '520327-S001-A', 'test')
  expect(revoked).toMatchObject({ ok: true })
  collector.volume.fill(5)
  expect(await collector.send(collector.volume.batch(6, 10))).toMatchObject({ outcome: 'stored' })
  await until('refused', async () => (await shares())[0]?.refused === 1)
  await collector.close()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await house?.close()
  await other?.close()
  await rm(folder, { recursive: true, force: true })
})

const plain = (page: Page) => async (): Promise<string> =>
  (await page.getByRole('main').innerText()).replace(/\s+/gu, '')

it('C5: the interface tells of each platform how far, how much, what waits and what went wrong', async () => {
  const [taking, away] = await shares()
  const size = house.server.context.nextPosition()
  expect(taking).toMatchObject({
    ...{ target: other.server.url, active: true, statementsToo: true, nextPosition: size, waiting: 0 },
    ...{ batches: 1, statements: 2, refused: 1 },
  })
  expect(taking!.refusals).toMatchObject([{ position: size - 1, code: 'UNKNOWN_DEVICE' }])
  expect(taking!.failing).toBeUndefined()
  expect(away).toMatchObject({ target: AWAY, active: true, nextPosition: 0, waiting: size, batches: 0 })
  expect(away!.failing?.reason).toContain('ECONNREFUSED')
  expect(away!.waitingSince).toBeLessThanOrEqual(house.server.context.clock.now())
})

it('C5: an officer sees at once who does not get the data, since when, and what was refused', async () => {
  const { page, complaints } = await open(browser, house.server.url, '/alarms')
  await page.getByRole('link', { name: '数据共享' }).click()
  await soon(plain(page)).toMatch(/1个平台不通,最多\d+条待送/)
  const text = await plain(page)()
  expect(text).toContain(`${AWAY}不通,正在重试`)
  expect(text).toContain(`${other.server.url}已送达`)
  expect(text).toMatch(/自.*起不通connectECONNREFUSED/)
  expect(text).toContain(`${other.server.url}拒收的条目`)
  expect(text).toContain('UNKNOWN_DEVICE')
  const [taking] = await shares()
  await page.getByRole('link', { name: `#${taking!.refusals[0]!.position}` }).click()
  await soon(() => page.url()).toMatch(/\/log\/\d+$/)
  expect(complaints).toEqual([])
  await page.close()
})

it.each(Object.values(SIZES))('C5: fits %i×%i in both languages', async (width, height) => {
  for (const [language, says] of [
    ['zh', '不通,正在重试'],
    ['en', 'Outofreach,tryingagain'],
  ] as const) {
    const { page, complaints } = await open(browser, house.server.url, `/sharing?lang=${language}`, [
      width,
      height,
    ])
    await soon(plain(page)).toContain(says)
    await settled(page)
    expect(await overflow(page), language).toBeLessThanOrEqual(0)
    expect(complaints, language).toEqual([])
    await page.close()
  }
})

it('a platform that shares with nobody says how to begin', async () => {
  const tab = await openTab(browser, other.server.url, '/alarms')
  await tab.go('/sharing')
  await soon(plain(tab.page)).toContain('没有设定转送平台')
  await tab.page.close()
})
