import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

/** Chromium as the tests use it, and what is asked of every page. */

/** Office, a common laptop, a phone. */
export const SIZES = {
  wall: [1920, 1080],
  office: [1366, 768],
  phone: [390, 844],
} as const
/** A page that has not shown something by then never will, even on a busy machine. */
const WAIT_MS = 15_000
/** Asks again until what is expected is there; a busy machine takes seconds for what an idle one does at once. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: WAIT_MS })
export type Size = readonly [width: number, height: number]

/** Starts Chromium without anything that would speak to the outside. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.OILTRAIL_CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      // Nothing here is drawn by a graphics card; imitating one costs a seventh of the processor's time.
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Opened {
  readonly page: Page
  /** What the browser complained about: errors of the console and of scripts, addresses of somebody else. */
  readonly complaints: string[]
}

/** Opens a page of the platform at a size and waits until it shows something. */
export async function open(
  browser: Browser,
  base: string,
  path: string,
  size: Size = SIZES.office,
  prepare: (page: Page) => Promise<unknown> = async () => undefined,
): Promise<Opened> {
  const page = await browser.newPage({
    viewport: { width: size[0], height: size[1] },
    reducedMotion: 'reduce',
  })
  page.setDefaultTimeout(WAIT_MS)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(base) && !url.startsWith('data:') && !url.startsWith('blob:'))
      complaints.push(`fetches ${url}`)
  })
  await prepare(page)
  await page.goto(`${base}${path}`)
  await page.waitForFunction(() => {
    const waits =
      document.querySelector('.skeleton') !== null && (document.body.textContent ?? '').length <= 200
    return document.querySelector('h1') !== null && !waits
  })
  return { page, complaints }
}

/** A page of the platform that stays open, as an officer's does. */
export interface Tab extends Opened {
  /** Goes to another page as a link does: the program is not loaded again, and what it remembers stays. */
  go(path: string): Promise<void>
}

/** Opens a page to stay in: loading the program costs a second of a busy machine, going on within it next to nothing. */
export async function openTab(browser: Browser, base: string, path: string, size?: Size): Promise<Tab> {
  const { page, complaints } = await open(browser, base, path, size)
  return {
    page,
    complaints,
    async go(to) {
      // A list under the pointer stands still; nobody points at the next page yet.
      await page.mouse.move(0, 0)
      await page.evaluate((address) => {
        history.pushState(null, '', address)
        dispatchEvent(new PopStateEvent('popstate'))
      }, to)
    },
  }
}

/** Resolves when everything that was being read is shown and the page has been drawn with it. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('.skeleton') === null)
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(undefined)))),
  )
}

/** By how many px a page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
}

/**
 * What a person who does not see the page would stumble over: controls and pictures without a name, ids given twice,
 * headings that are missing. Each as a line that names the element.
 */
export function obstacles(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const shown = (element: Element): boolean =>
      element instanceof HTMLElement ? element.offsetParent !== null : true
    const short = (element: Element): string => element.outerHTML.slice(0, 160)
    const named = (element: Element): boolean => {
      const labels = (element as HTMLInputElement).labels
      const by = element.getAttribute('aria-labelledby')
      return (
        [element.getAttribute('aria-label'), element.getAttribute('title'), element.textContent].some(
          (text) => (text ?? '').trim() !== '',
        ) ||
        (labels?.length ?? 0) > 0 ||
        (by !== null && document.getElementById(by) !== null)
      )
    }
    const found: string[] = []
    const controls =
      'a[href], button, input, select, textarea, [role="button"], [role="combobox"], [role="img"]'
    for (const element of document.querySelectorAll(controls))
      if (shown(element) && element.getAttribute('aria-hidden') !== 'true' && !named(element))
        found.push(`no name: ${short(element)}`)
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id)
    for (const id of new Set(ids.filter((each, i) => ids.indexOf(each) !== i))) found.push(`twice: #${id}`)
    if (!document.querySelector('h1')) found.push('no heading of the first order')
    if (!document.querySelector('main')) found.push('no main part')
    if (document.title.trim() === '') found.push('no title')
    return found
  })
}
