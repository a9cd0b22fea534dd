import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AlarmStand, NAMES, openAlarmStand, theft } from './alarms.stand.ts'
import { launch, obstacles, open, openTab, overflow, SIZES, settled, soon, type Tab } from './browser.ts'

/** Declared windows in a real browser: a person declares one, is held to who, when and why, and everybody sees it. */

interface Declared {
  window: string
  site: string
  part: string
  purpose: string
  from: number
  to: number
  note: string
  actor: string
  position: number
  withdrawn?: { actor: string; reason: string }
}

let county: AlarmStand
let browser: Browser
let tab: Tab

beforeAll(async () => {
  ;[county, browser] = await Promise.all([openAlarmStand(), launch()])
  // S002 declares an hour on each of nine days: more than is usual.
  for (let day = 1; day <= 9; day++) {
    const to = county.now() - day * DAY_MS
    const order = { site: 'S002', part: '', purpose: 'maintenance', from: to - HOUR_MS, to }
    await county.post('/api/windows', { ...order, note: '日常维护', actor: '王五' })
  }
  tab = await openTab(browser, county.base, '/windows')
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await county?.stand.close()
})

const main = (page: Page) => page.getByRole('main')
const plain = (page: Page) => async (): Promise<string> => (await main(page).innerText()).replace(/\s+/gu, '')

async function signIn({ page }: Tab): Promise<void> {
  await page.getByRole('button', { name: '输入令牌' }).click()
  await page.getByLabel('管理员令牌').fill(county.token)
  await page.getByRole('button', { name: '使用', exact: true }).click()
  await page.getByRole('button', { name: '申报', exact: true }).waitFor()
}

/** Chooses from a list of the component library as a person does, by its label. */
async function choose(page: Page, label: string, option: string | RegExp): Promise<void> {
  await page.locator('form').getByLabel(label, { exact: true }).click()
  await page.locator('.ant-select-item-option').filter({ hasText: option }).first().click()
}

/** Goes through the dialog as a person does who forgets the reason first. */
async function withdraw(page: Page, what: string, reason: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: `确认${what}` }).click()
  await dialog.getByText('请写明理由').waitFor()
  expect(await obstacles(page)).toEqual([])
  await dialog.getByLabel('理由').fill(reason)
  await dialog.getByLabel('撤回人').fill('李四')
  await dialog.getByRole('button', { name: `确认${what}` }).click()
  await dialog.waitFor({ state: 'hidden' })
}

const declared = (site: string): Promise<Declared[]> => county.get(`/api/windows?site=${site}`)

describe('who declares', () => {
  it('B5: sees that a site declares often, on how many days and for how many hours', async () => {
    const row = tab.page.locator('tr').filter({ has: tab.page.getByRole('img', { name: /30/ }) })
    await soon(() => row.innerText()).toMatch(/龙泉加油站\s+申报频繁\s*9\s*天\s+9\.0/)
    expect(tab.complaints).toEqual([])
  })

  it('is told beneath each field what is missing, in both languages, and nothing is declared', async () => {
    const { page } = tab
    await signIn(tab)
    await page.getByRole('button', { name: '申报', exact: true }).click()
    const faults = () => page.locator('[data-fault="true"]').allInnerTexts()
    await soon(faults).toEqual(['请选择站点', '请写明事由', '请签名:谁申报,谁负责'])
    await soon(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true')
    await page.getByLabel(/^结束/).fill('2020-01-01T00:00')
    await soon(faults).toContain('结束须晚于开始')
    await page.getByRole('button', { name: 'EN', exact: true }).click()
    await soon(faults).toEqual([
      'Choose a site',
      'It must end after it begins',
      'Say what is done and why',
      'Sign: who declares answers for it',
    ])
    expect(await obstacles(page)).toEqual([])
    await page.getByRole('button', { name: '中文', exact: true }).click()
    expect(await declared('S001')).toEqual([])
  })

  it('S5: declares where, what, when, why and who; it stands in the log, the list and on the page of the site', async () => {
    const { page } = tab
    await choose(page, '站点', NAMES.S001)
    await choose(page, '部位', /^1\s*号罐/)
    await choose(page, '作业', '清洗')
    await page.getByLabel(/^开始/).fill(chinaField(county.now() - 3 * HOUR_MS))
    await page.getByText('开始时间已过:此前的告警不会撤回').waitFor()
    await page.getByLabel(/^结束/).fill(chinaField(county.now() + 3 * HOUR_MS))
    await page.getByLabel('事由').fill('清罐,危废转移联单 07 号')
    await page.getByLabel('申报人').fill('李四')
    await page.getByRole('button', { name: '申报', exact: true }).click()
    await page.getByRole('status').filter({ hasText: '已写入存证日志' }).waitFor()
    const [own] = await declared('S001')
    expect(own).toMatchObject({
      ...{ site: 'S001', part: 'tank/1', purpose: 'cleaning', actor: '李四' },
      ...{ note: '清罐,危废转移联单 07 号' },
    })
    expect(Math.abs(own!.to - county.now() - 3 * HOUR_MS)).toBeLessThan(5 * 60_000)
    await soon(plain(page)).toMatch(/进行中永和加油站1号罐清洗.*李四.*开始后3小时(\d+分)?申报或修改/)
    await tab.go('/sites/S001')
    await soon(plain(page)).toMatch(/作业时段内,至.*清洗·清罐,危废转移联单07号·李四—1号罐的告警暂不提示/)
    expect(await plain(page)()).toMatch(/近30天有[12]天申报作业,共3\.[01]小时/)
    expect(tab.complaints).toEqual([])
  })

  it('finds the alarm held back meanwhile, and ends the window early: it comes before people again', async () => {
    const { page } = tab
    await county.tell('S001', ...theft(county.now(), 100, '1'))
    expect(await county.alarms('state=sight&site=S001')).toEqual([])
    await tab.go('/windows?site=S001&state=running')
    await page.getByRole('button', { name: '提前结束' }).click()
    await withdraw(page, '提前结束', '清罐提前完成')
    await soon(plain(page)).toContain('没有符合条件的申报')
    const [own] = await declared('S001')
    expect(own).toMatchObject({ withdrawn: { actor: '李四', reason: '清罐提前完成' } })
    expect((await county.alarms('state=sight&site=S001')).map(({ rule }) => rule)).toContain('sudden-loss')
    await page.getByRole('button', { name: '已结束' }).click()
    await soon(plain(page)).toMatch(/已结束永和加油站1号罐清洗.*已提前结束.*李四·清罐提前完成/)
  })

  it('takes a window back before it begins; nothing happens without confirming', async () => {
    const { page } = tab
    const from = county.now() + HOUR_MS
    const order = { site: 'S001', part: '', purpose: 'other', from, to: from + HOUR_MS, note: '录错站点' }
    await county.post('/api/windows', { ...order, actor: '张三' })
    // Loaded anew: the list is up to 15 s old otherwise.
    await page.goto(`${county.base}/windows?site=S001&state=coming`)
    await page.getByRole('button', { name: '撤回', exact: true }).click()
    await page.getByRole('button', { name: '不改动' }).click()
    await page.getByRole('button', { name: '撤回', exact: true }).click()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect((await declared('S001')).some((each) => each.note === '录错站点' && each.withdrawn)).toBe(false)
    await page.getByRole('button', { name: '撤回', exact: true }).click()
    await withdraw(page, '撤回', '站点选错')
    await soon(plain(page)).toContain('没有符合条件的申报')
    await page.getByRole('button', { name: '已撤回' }).click()
    await soon(plain(page)).toMatch(/已撤回永和加油站全站其他.*录错站点已撤回.*李四·站点选错/)
    expect(tab.complaints).toEqual([])
  })
})

describe('a notice', () => {
  it('is withdrawn on the page of its site with a reason, and stays listed as withdrawn', async () => {
    const { page } = tab
    const notice = { site: 'S001', grade: '92', volumeMillilitres: 1e7, supplier: '示例油库' }
    await county.post('/api/notices', { ...notice, expectedAt: county.now() + HOUR_MS, actor: '张三' })
    await page.goto(`${county.base}/sites/S001`)
    await page.getByRole('button', { name: '撤回', exact: true }).click()
    await page.getByText('将按未登记卸油告警').waitFor()
    await withdraw(page, '撤回', '登记重复')
    await soon(plain(page)).toMatch(/示例油库.*已撤回.*李四·登记重复/)
    expect(await page.getByRole('button', { name: '撤回', exact: true }).count()).toBe(0)
    expect(await county.get('/api/notices?site=S001')).toMatchObject([
      { withdrawn: { actor: '李四', reason: '登记重复' } },
    ])
    expect(tab.complaints).toEqual([])
  })
})

describe('the page', () => {
  it.each(Object.values(SIZES))('fits %i×%i in both languages', async (width, height) => {
    for (const language of ['zh', 'en'] as const) {
      const { page, complaints } = await open(browser, county.base, `/windows?lang=${language}`, [
        width,
        height,
      ])
      await settled(page)
      await soon(() => page.locator('tbody tr').count()).toBeGreaterThan(9)
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      expect(complaints).toEqual([])
      await page.close()
    }
  })
})

/** A moment as a field for date and time takes it, in China time. */
function chinaField(at: number): string {
  return new Date(at + 8 * HOUR_MS).toISOString().slice(0, 16)
}
