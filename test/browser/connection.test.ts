import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStand, type Stand } from '../../apps/server/test/stand.ts'
import { siteOf } from '../../apps/server/test/views.history.ts'
import { launch, openTab, soon, type Tab } from './browser.ts'

/** What an officer sees when the platform goes away in the night and comes back. Tests build on one another. */

let stand: Stand
let browser: Browser
let tab: Tab

/** A port that nobody has, so that the platform can come back where it was. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return String(typeof address === 'object' && address ? address.port : 0)
}

beforeAll(async () => {
  const port = await freePort()
  ;[stand, browser] = await Promise.all([openStand({ rules: [], options: { port } }), launch()])
  tab = await openTab(browser, stand.server.url, '/sites')
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await stand?.close()
})

const text = (page: Page) => async (): Promise<string> =>
  (await page.locator('body').innerText()).replace(/\s+/gu, '')

it('the page says so when the platform is gone, and a page that cannot be loaded says what to do', async () => {
  const { page } = tab
  expect(await text(page)()).not.toContain('实时连接中断')
  await stand.server.stop()
  await soon(text(page)).toContain('与平台的实时连接中断,正在重连')
  await tab.go('/statistics')
  await soon(text(page)).toContain('页面没有打开')
  expect(await page.getByRole('button', { name: '重新载入' }).count()).toBe(1)
}, 60_000)

it('and shows by itself what happened meanwhile once the platform is back', async () => {
  const { page } = tab
  await tab.go('/sites')
  await soon(text(page)).toContain('还没有登记站点')
  const server = await stand.again({ rules: [] })
  try {
    const site = siteOf('S001', { name: '永和加油站' })
    const registered = await server.context.desk.registerSite('test', site)
    expect(registered.ok).toBe(true)
    await soon(text(page)).toContain('永和加油站')
    await soon(text(page)).not.toContain('实时连接中断')
    await page.goto(`${server.url}/statistics`)
    await page.getByRole('heading', { level: 1, name: '统计' }).waitFor()
  } finally {
    await server.stop()
  }
}, 60_000)
