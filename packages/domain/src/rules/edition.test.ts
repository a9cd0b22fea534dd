import { expect, test } from 'vitest'
import { collectorSilent } from './collector-silent.ts'
import { dependents, editionOf, editions } from './edition.ts'
import { RULES } from './list.ts'
import { MEASURES } from './measures.ts'
import type { Measure, Rule } from './rule.ts'

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

const ruleOf = (id: string, more: Partial<Rule> = {}): Rule => ({ ...rule, id, reads: ['sale'], ...more })
/** A chain of suppression, listed against its direction; a rule that reads a measure; one that has to do with nobody. */
const HOUSE: readonly Rule[] = [
  ruleOf('last', { suppressedBy: ['middle'] }),
  ruleOf('middle', { suppressedBy: ['first', 'elsewhere'] }),
  ruleOf('first'),
  ruleOf('reader', { reads: ['sale', 'tank-point'] }),
  ruleOf('hidden-by-reader', { suppressedBy: ['reader'] }),
  ruleOf('ring-a', { suppressedBy: ['ring-b'] }),
  ruleOf('ring-b', { suppressedBy: ['ring-a'] }),
  ruleOf('alone'),
]
const POINT = { id: 'point', tells: ['tank-point'] } as unknown as Measure

test.each<[changed: string, of: readonly string[], all: readonly string[]]>([
  ['nothing', [], []],
  ['a rule that nobody depends on', ['alone'], ['alone']],
  ['what is suppressed, not what suppresses', ['last'], ['last']],
  ['one step of suppression', ['middle'], ['last', 'middle']],
  ['two steps, whatever the order of the list', ['first'], ['first', 'last', 'middle']],
  ['two that suppress each other', ['ring-a'], ['ring-a', 'ring-b']],
  ['a measure: who reads it, and whom that suppresses', ['point'], ['hidden-by-reader', 'point', 'reader']],
  ['a rule that reads a measure leaves the measure alone', ['reader'], ['hidden-by-reader', 'reader']],
  [
    'a rule that this build has not: itself, and whom it suppresses',
    ['elsewhere'],
    ['elsewhere', 'last', 'middle'],
  ],
  ['several at once', ['alone', 'ring-b'], ['alone', 'ring-a', 'ring-b']],
])('depends on %s', (_changed, of, all) => {
  const changed = new Set(of)
  expect([...dependents(changed, HOUSE, [POINT])].sort()).toEqual(all)
  expect([...changed], 'what was asked is left as it was').toEqual(of)
})

test('of this build, whoever reads or is suppressed by what changed is among the dependents', () => {
  const all = dependents(new Set(['tank-point', 'collector-silent']))
  for (const { id, reads, suppressedBy = [] } of RULES)
    if (reads.includes('tank-point') || suppressedBy.includes('collector-silent'))
      expect(all, id).toContain(id)
  expect(all.size).toBeLessThan(RULES.length)
})
