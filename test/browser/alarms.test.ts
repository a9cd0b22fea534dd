import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../apps/server/test/stand.ts'
import { type AlarmStand, level, line, NAMES, openAlarmStand, theft } from './alarms.stand.ts'
import {
  launch,
  type Opened,
  obstacles,
  open,
  openTab,
  overflow,
  SIZES,
  settled,
  soon,
  type Tab,
} from './browser.ts'

/** The pages of alarms and rules in a real browser, over a real server with its real rules. Tests build on one another. */

let county: AlarmStand
let browser: Browser
/** The officer's page, open all night. */
let tab: Tab
let red: number
let cut: number
let water: number

beforeAll(async () => {
  ;[county, browser] = await Promise.all([openAlarmStand(), launch()])
  const now = county.now()
  const lines = (minutes: number, state: 'normal' | 'cut') =>
    ['1', '2'].map((nozzle) => line(now, minutes, nozzle, state))
  await county.tell('S001', ...lines(200, 'normal'), ...lines(190, 'cut'))
  await county.tell('S002', ...theft(now, 100, '1'), level(now, 5, '2', 9_000, 80))
  const numberOf = async (rule: string): Promise<number> => {
    const [alarm] = await county.alarms(`state=all&rule=${rule}`)
    if (!alarm) throw new Error(`no alarm of ${rule}`)
    return alarm.alarm
  }
  red = await numberOf('sudden-loss')
  cut = await numberOf('line-cut')
  water = await numberOf('water')
  tab = await openTab(browser, county.base, '/alarms')
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await county?.stand.close()
})

/** Goes there within the officer's page; what it complained of before is forgotten. */
async function visit(path: string): Promise<Opened> {
  tab.complaints.length = 0
  await tab.go(path)
  return tab
}

async function visitAlarm(alarm: number): Promise<Opened> {
  const opened = await visit(`/alarms/${alarm}`)
  await opened.page.getByRole('heading', { level: 1, name: /^告警\s?\d/ }).waitFor()
  return opened
}

/** Opens an address as a colleague does who was sent it. */
const load = (path: string, prepare?: (page: Page) => Promise<unknown>): Promise<Opened> =>
  open(browser, county.base, path, SIZES.office, prepare)

/** Gives the administrator's token to the page, as a person types it. */
async function signIn(page: Page, name: string): Promise<void> {
  const [give, leave] = ['输入令牌', '退出管理'].map((each) =>
    page.getByRole('button', { name: each }).first(),
  )
  await give!.or(leave!).first().waitFor()
  if (await leave!.isVisible()) await leave!.click()
  await give!.click()
  await page.getByLabel('管理员令牌').fill(county.token)
  await page.getByLabel('经办人').fill(name)
  await page.getByRole('button', { name: '使用', exact: true }).click()
}

const main = (page: Page) => page.getByRole('main')

/** Text of the page without any space: thin, wide and broken ones are a matter of looks. */
const plain = (page: Page) => async (): Promise<string> => (await main(page).innerText()).replace(/\s+/gu, '')

describe('the duty officer at the list of alarms', () => {
  it('S5: sees every cause once, alike ones together, and how many there are of each grade', async () => {
    const { page, complaints } = await visit('/alarms')
    const rows = page.locator('tbody tr')
    await soon(() => rows.count()).toBe(3)
    expect(await page.getByRole('button', { name: '特急 1' }).count()).toBe(1)
    expect(await page.getByRole('button', { name: '紧急 2' }).count()).toBe(1)
    await page.getByRole('button', { name: '同类 2 条' }).click()
    await soon(() => rows.count()).toBe(4)
    expect(await main(page).innerText()).toMatch(/龙泉加油站 1 号罐 .*无对应付油减少 900\.0 L/)
    expect(complaints).toEqual([])
  })

  it('filters by a click, finds the filter in the address, and is told how to leave it', async () => {
    const { page } = await visit('/alarms')
    await page.getByRole('button', { name: /^特急/ }).click()
    await soon(() => page.locator('tbody tr').count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('grade')).toBe('red')
    const second = await load(`/alarms${new URL(page.url()).search}&handling=closed`)
    await second.page.getByRole('button', { name: '取消全部筛选' }).click()
    await soon(() => second.page.locator('tbody tr').count()).toBe(3)
    await second.page.close()
  })

  it('goes through it by keys alone', async () => {
    const { page } = await visit('/alarms')
    await soon(() => page.locator('tbody tr').count()).toBeGreaterThan(2)
    await page.keyboard.press('j')
    const first = await page.evaluate(() => document.activeElement?.textContent)
    await page.keyboard.press('j')
    const second = await page.evaluate(() => document.activeElement?.textContent)
    expect(first).not.toBe(second)
    await page.keyboard.press('k')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(first)
    await page.setViewportSize({ width: 1_366, height: 240 })
    await page.evaluate(() => scrollTo(0, 9_999))
    await page.keyboard.press('Enter')
    await soon(() => page.url()).toMatch(/\/alarms\/\d+$/)
    // The case is opened at its top, and the next key goes into it: nobody tabs through the menu again.
    expect(await page.evaluate(() => scrollY)).toBe(0)
    await page.getByRole('button', { name: '输入令牌' }).waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)
  })

  it('B5: reads how many alarms came, against the budget, and which are overdue', async () => {
    const load = await county.get<{ seen: number; overdue: number; peak: number }>('/api/alarms/load')
    expect(load.seen).toBe(4)
    const { page } = await visit('/alarms?officers=2')
    await soon(plain(page)).toContain('每人每10分钟0.01条,在预算1条之内')
    const text = await plain(page)()
    expect(text).toContain('到达4')
    expect(text).toContain(`最忙10分钟${load.peak}`)
    expect(text).toMatch(/待签收(限|逾期)\d/)
    expect(await page.getByRole('img', { name: /到达告警/ }).count()).toBe(1)
  })
})

/** Counts the tones that a page makes. */
const LISTEN = (): void => {
  const heard = window as unknown as { tones: number }
  heard.tones = 0
  const make = AudioContext.prototype.createOscillator
  AudioContext.prototype.createOscillator = function () {
    heard.tones++
    return make.call(this)
  }
}
const tones = (page: Page): Promise<number> =>
  page.evaluate(() => (window as unknown as { tones: number }).tones)

describe('a critical alarm', () => {
  it('comes into the open list by itself and rings, after the first gesture, unless it is switched off', async () => {
    const [loud, quiet] = await Promise.all([
      load('/alarms', (page) => page.addInitScript(LISTEN)),
      load('/alarms', (page) => page.addInitScript(LISTEN)),
    ])
    expect(await loud.page.getByRole('button', { name: /声音 ?待开启/ }).count()).toBe(1)
    for (const { page } of [loud, quiet])
      await page.getByRole('heading', { name: '告警', exact: true }).click()
    const on = quiet.page.getByRole('button', { name: /声音 ?开/ })
    await on.waitFor()
    expect(await on.getAttribute('aria-pressed')).toBe('true')
    await on.click()
    await quiet.page.getByRole('button', { name: /声音 ?关/ }).waitFor()
    await loud.page.getByRole('button', { name: /声音 ?开/ }).waitFor()
    await county.tell('S001', ...theft(county.now(), 99, '2'))
    const text = (page: Page) => () => main(page).innerText()
    for (const { page } of [loud, quiet]) await soon(text(page)).toContain('永和加油站 2 号罐')
    await soon(() => tones(loud.page)).toBeGreaterThan(0)
    expect(await tones(quiet.page)).toBe(0)
    await Promise.all([loud.page.close(), quiet.page.close()])
  })
})

describe('an alarm explains itself', () => {
  it('B3: sentence, advice, rule and version, settings in force, facts in words, clause, axis, place, similar', async () => {
    const { page, complaints } = await visitAlarm(red)
    await soon(plain(page)).toContain('无对应付油减少900.0L')
    const text = await plain(page)()
    const { version } = await county.get<{ version: number }>(`/api/alarms/${red}`)
    const parts = ['怎么办', '为什么告警', '依据', '事实', '证据', '经过', '同站同规则的既往告警', '位置']
    for (const part of [...parts, `第${version}版`]) expect(text).toContain(part)
    // As found first, and as found last.
    expect(text).toContain('减少600.00L900.00L')
    expect(text).toContain('流失速度40.00L/min30.00L/min')
    await page.getByRole('img', { name: '同一时间轴' }).waitFor()
    await page.locator('canvas').first().waitFor()
    expect(complaints).toEqual([])
  })

  it('B1 B3: its evidence is checked against the log in the browser, record by record', async () => {
    const { page, complaints } = await visitAlarm(red)
    await page.getByRole('button', { name: '全部核验' }).click()
    const { evidence } = (await county.get<{ latest: { evidence: object[] } }>(`/api/alarms/${red}`)).latest
    expect(evidence.length).toBeGreaterThan(0)
    const verdict = page.getByRole('status').filter({ hasText: '条通过' })
    await soon(() => verdict.innerText()).toMatch(new RegExp(`${evidence.length} / ${evidence.length}`))
    expect(complaints).toEqual([])
  })

  it('B1 B3: and the check fails visibly when one byte of the record was altered', async () => {
    const alter = (page: Page) =>
      page.route(/\/api\/log\/entries\/\d+$/, async (route) => {
        const answer = await route.fetch()
        const entry = (await answer.json()) as { raw: string }
        const raw = Buffer.from(entry.raw, 'base64').toString('utf8')
        const altered = raw.replace(
          /"volumeMillilitres":(\d)/,
          (_, digit: string) => `"volumeMillilitres":${(Number(digit) + 1) % 10}`,
        )
        expect(altered).not.toBe(raw)
        await route.fulfill({ json: { ...entry, raw: Buffer.from(altered, 'utf8').toString('base64') } })
      })
    const { page } = await load(`/alarms/${red}`, alter)
    await page.getByRole('button', { name: '对照日志核验' }).first().click()
    await page.getByText('未能证明').waitFor()
    expect(await main(page).innerText()).toContain('✗')
    expect(await page.getByText('全部通过').count()).toBe(0)
    await page.close()
  })
})

describe('people and an alarm', () => {
  it('accept it, check it and close it with a reason; the history names them and their entries of the log', async () => {
    const { page, complaints } = await visitAlarm(red)
    await signIn(page, '李四')
    await page.getByRole('button', { name: '签收' }).click()
    await page.getByRole('button', { name: '签收' }).last().click()
    await page.getByRole('button', { name: '办结' }).waitFor()
    await page.getByRole('button', { name: '办结' }).click()
    const submit = page.getByRole('button', { name: '办结' }).last()
    expect(await submit.isDisabled()).toBe(true)
    await page.getByLabel('说明').fill('现场核实:油罐管线被接出,已移交')
    await submit.click()
    await page.getByRole('button', { name: '重新核查' }).waitFor()
    const { history } = await county.get<{ history: { what: string; actor: string; position: number }[] }>(
      `/api/alarms/${red}`,
    )
    expect(history.map(({ what, actor }) => [what, actor])).toEqual([
      ['raised', ''],
      ['accept', '李四'],
      ['close', '李四'],
    ])
    const shown = await page.locator('.history-list').innerText()
    expect(shown).toContain('现场核实:油罐管线被接出,已移交')
    expect(shown).toContain(`#${history[2]!.position.toLocaleString('en-US')}`)
    expect(complaints).toEqual([])
  })

  it('shelve what may be shelved, with a reason, out of sight and into the list of shelved ones', async () => {
    const { page } = await visitAlarm(water)
    await signIn(page, '李四')
    await page.getByRole('button', { name: '搁置' }).click()
    await page.getByLabel('说明').fill('明日抽水')
    await page.getByRole('button', { name: '搁置' }).last().click()
    await page
      .getByText(/搁置至/)
      .first()
      .waitFor()
    await tab.go('/alarms')
    await page.getByRole('link', { name: '已搁置 1' }).click()
    await soon(plain(page)).toMatch(/罐底水高.*搁置至/)
    expect(await page.locator('tbody tr').count()).toBe(1)
  })

  it('may not shelve tampering, and are told so', async () => {
    const { page } = await visitAlarm(cut)
    await signIn(page, '李四')
    await page.getByText('此类告警不得搁置。').waitFor()
    expect(await page.getByRole('button', { name: '搁置' }).count()).toBe(0)
  })
})

describe('a rule', () => {
  it('B3: is tried over past data, found to miss a case people found true, and changed with a reason', async () => {
    const { page, complaints } = await visit('/rules?rule=sudden-loss')
    await signIn(page, '王五')
    const rules =
      await county.get<{ rule: string; settings: { key: string; unit: string; most: number }[] }[]>(
        '/api/rules',
      )
    const { settings } = rules.find(({ rule }) => rule === 'sudden-loss')!
    const volume = settings.find(({ unit }) => unit === 'mL')!
    // So insensitive that the theft of 900 L is no longer one.
    await page
      .getByRole('textbox')
      .nth(settings.indexOf(volume))
      .fill(String(Math.min(volume.most, 5_000_000) / 1_000))
    expect(await page.getByRole('button', { name: '从现在起生效' }).count()).toBe(0)
    await page.getByRole('button', { name: '试算' }).click()
    const trial = page.getByRole('status').filter({ hasText: '试算' })
    await trial.waitFor()
    const text = async (): Promise<string> => (await trial.innerText()).replace(/\s+/gu, '')
    expect(await text()).toMatch(/多报0条,少报2条/)
    await soon(text).toMatch(/已查实的1起:仍报0起,漏报1起/)
    const activate = page.getByRole('button', { name: '从现在起生效' })
    expect(await activate.isDisabled()).toBe(true)
    await page.getByLabel('理由').fill('演练')
    await activate.click()
    await page.getByText(/已写入存证日志/).waitFor()
    const history = page.locator('section').filter({ hasText: '参数变更' }).last()
    await soon(() => history.innerText()).toMatch(/演练[\s\S]*王五/)
    await history.getByRole('link', { name: /^#/ }).click()
    await soon(() => page.url()).toMatch(/\/log\/\d+$/)
    expect(complaints).toEqual([])
  })
})

/** Headings, heads of columns, buttons and links of the menu that stay Chinese in the English view; names of sites may. */
async function untranslated(page: Page): Promise<string[]> {
  const texts = await page.locator('h1, h2, h3, th, button, nav a').allInnerTexts()
  const names = Object.values(NAMES)
  return texts.filter(
    (text) => /[\u4e00-\u9fff]/.test(text) && text !== '中文' && !names.some((name) => text.includes(name)),
  )
}

describe('every page with alarms on it', () => {
  /** Addresses, and the heading by which one knows that one is there. */
  const pages = (): [path: string, zh: RegExp, en: RegExp][] => [
    ['/', /智慧监管/, /Refined oil/],
    ['/alarms', /^告警$/, /^Alarms$/],
    ['/rules', /^告警规则$/, /^(Alarm rules|Rules)$/],
    ['/rules?rule=line-cut', /^信号线被切断$/, /line/i],
    ['/sites', /^企业站点$/, /^Sites$/],
    ['/sites/S001', /^永和加油站$/, /^永和加油站$/],
    ['/windows', /^作业申报$/, /^Declared work$/],
    ['/statistics', /^统计$/, /^Statistics$/],
    ['/devices', /^设备$/, /^Devices$/],
    ['/log', /^存证$/, /^Evidence log$/],
    ['/log/1', /^条目/, /^Entry/],
    ['/sharing', /^数据共享$/, /^Sharing$/],
    ['/nothing-here', /^没有这个页面$/, /no such page/],
    [`/alarms/${cut}`, /^告警 ?\d/, /^Alarm \d/],
  ]

  it('fits a phone, complains of nothing and names every control, in both languages', async () => {
    const phone = await openTab(browser, county.base, '/alarms', SIZES.phone)
    const { page, complaints } = phone
    let language = 'zh-CN'
    for (const [path, zh, en] of pages()) {
      await phone.go(path)
      for (const turn of [0, 1]) {
        await page.getByRole('heading', { level: 1, name: language === 'en' ? en : zh }).waitFor()
        await settled(page)
        const where = `${path} ${language}`
        expect(await page.getAttribute('html', 'lang'), where).toBe(language)
        expect(await overflow(page), where).toBeLessThanOrEqual(0)
        expect(await obstacles(page), where).toEqual([])
        if (language === 'en') expect(await untranslated(page), where).toEqual([])
        if (turn === 1) continue
        await page.getByRole('button', { name: language === 'en' ? '中文' : 'EN', exact: true }).click()
        language = language === 'en' ? 'zh-CN' : 'en'
      }
    }
    expect(complaints).toEqual([])
    await page.close()
  }, 60_000)

  it('S5: the map and the site page mark the site that has one', async () => {
    await tab.page.setViewportSize({ width: SIZES.wall[0], height: SIZES.wall[1] })
    const { page } = await visit('/')
    const mark = page.getByRole('button', { name: new RegExp(`${NAMES.S001}.*(特急|紧急)`) })
    const link = page.getByRole('link', { name: new RegExp(`${NAMES.S001}.*(特急|紧急)`) })
    await soon(async () => (await mark.count()) + (await link.count())).toBe(1)
    await tab.go('/sites/S001')
    await page.getByRole('heading', { name: /未处置告警/ }).waitFor()
    expect(await main(page).innerText()).toContain('脉冲信号线自')
    await page.setViewportSize({ width: SIZES.office[0], height: SIZES.office[1] })
  })
})

describe('an alarm whose cause is gone', () => {
  it('says so by itself on its open page, and keeps its history', async () => {
    const { page } = await visitAlarm(cut)
    await soon(() => main(page).innerText()).toContain('持续中')
    await county.tell('S001', ...['1', '2'].map((nozzle) => line(county.now(), 1, nozzle, 'normal')))
    await until('the alarm clears', async () => {
      const [alarm] = (await county.alarms('state=all&rule=line-cut')).filter(({ alarm }) => alarm === cut)
      return alarm?.active === false
    })
    await soon(() => main(page).innerText()).toContain('已消除')
  })
})
