import { expect, test } from 'vitest'
import { collectorSilent } from './collector-silent.ts'
import { editionOf, editions } from './edition.ts'
import { RULES } from './list.ts'
import { MEASURES } from './measures.ts'
import type { Rule } from './rule.ts'

const rule = collectorSilent as Rule
const [name, setting] = Object.entries(rule.settings)[0]!
const text = (changed: Partial<Rule>): string => editionOf({ ...rule, ...changed }).text
const withSetting = (changed: object): string =>
  text({ settings: { ...rule.settings, [name]: { ...setting, ...changed } } })

test('every rule and measure has an edition, and no two the same name', () => {
  const all = editions()
  expect(all.map(({ id }) => id)).toEqual([...MEASURES, ...RULES].map(({ id }) => id))
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  for (const edition of all) expect(JSON.parse(edition.text)).toMatchObject({ version: expect.any(Number) })
})

const OTHER: readonly [what: string, text: string][] = [
  ['version', text({ version: rule.version + 1 })],
  ['what it reads', text({ reads: [...rule.reads, 'sale'] })],
  ['late', text({ late: rule.late === 'take' ? 'ignore' : 'take' })],
  ['grade', text({ grade: rule.grade === 'red' ? 'blue' : 'red' })],
  ['what suppresses it', text({ suppressedBy: ['other-rule'] })],
  ['whether a window hides it', text({ hiddenByWindow: false })],
  ['a default', withSetting({ value: setting.value + 1 })],
  ['a bound', withSetting({ most: setting.most + 1 })],
  ['a unit', withSetting({ unit: 'weeks' })],
  ['the day from which a default holds', withSetting({ effective: '2027-01-01' })],
  ['a setting more', text({ settings: { ...rule.settings, another: setting } })],
  ['a setting fewer', text({ settings: {} })],
]

test.each(OTHER)('%s makes another edition', (_what, other) => {
  expect(other).not.toBe(editionOf(rule).text)
})

test('words for people, and the order in which settings stand in the source, make no other edition', () => {
  const words = { zh: '别的', en: 'other' }
  const turned = Object.fromEntries(Object.entries(rule.settings).reverse())
  expect(text({ title: words, advice: words, clause: words, settings: turned })).toBe(editionOf(rule).text)
  expect(withSetting({ label: words, source: 'elsewhere' })).toBe(editionOf(rule).text)
})
