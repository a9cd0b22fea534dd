import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { CASE_SITE, type Play, type RuleCases, setUpCase } from './cases.ts'
import { behaviourOf, canonical, type Drift, driftOf, type Golden, type Kept } from './edition.behaviour.ts'
import { lifeOf, SEEDS } from './edition.corpus.ts'
import { editions } from './edition.ts'
import { type Readable, readableOf } from './event.ts'
import { RULES } from './list.ts'
import { MEASURES } from './measures.ts'

/*
 * The log names editions by what rules declare. This test holds rules to it: whoever does otherwise must declare another
 * version. It compares what every rule finds and remembers, in every case of the tables and in made-up lives of a station, with
 * `edition.golden.json`.
 */

const RENEW = 'RENEW_EDITIONS=1 npx vitest run packages/domain/src/rules/edition.golden.test.ts'
const folder = fileURLToPath(new URL('.', import.meta.url))
const FILE = `${folder}edition.golden.json`
/** Hex digits of a digest: nobody gains by making two meet. */
const DIGITS = 12
/** Share of the rules that must find something in the lives. */
const FINDERS_SHARE = 0.65
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, DIGITS)

const tables = await Promise.all(
  readdirSync(folder)
    .filter((name) => name.endsWith('.cases.ts'))
    .sort()
    .map(
      async (name) =>
        ((await import(/* @vite-ignore */ `${folder}${name}`)) as { default: RuleCases }).default,
    ),
)

/** What everything does now, and who finds something in the lives. */
function observed(lives: readonly Play[]): { now: Golden; finders: ReadonlySet<string> } {
  const did = new Map<string, Record<string, string>>([...MEASURES, ...RULES].map(({ id }) => [id, {}]))
  const finders = new Set<string>()
  for (const { rule, cases } of tables)
    for (const row of cases) {
      const { events, settings = {}, site = CASE_SITE, registrations = [], until = '' } = row
      const shown = digest(canonical([rule.id, events, settings, site, registrations, until]))
      for (const [id, behaviour] of behaviourOf([rule], setUpCase(rule, row)))
        did.get(id)![shown] = digest(behaviour)
    }
  for (const life of lives) {
    const shown = `life ${digest(canonical(life.events))}`
    for (const [id, behaviour] of behaviourOf(RULES, life)) {
      did.get(id)![shown] = digest(behaviour)
      if (behaviour.includes('"type":"found"')) finders.add(id)
    }
  }
  const versions = new Map([...MEASURES, ...RULES].map(({ id, version }) => [id, version]))
  const kept = editions().map(({ id, text }): [string, Kept] => [
    id,
    { version: versions.get(id)!, edition: digest(text), did: did.get(id)! },
  ])
  return { now: Object.fromEntries(kept), finders }
}

const lives = SEEDS.map((seed) => lifeOf(seed))
let now: Golden
let finders: ReadonlySet<string>
let drift: Drift
beforeAll(() => {
  ;({ now, finders } = observed(lives))
  drift = driftOf(JSON.parse(readFileSync(FILE, 'utf8')) as Golden, now)
})

test('no rule or measure does otherwise than its declared edition did', () => {
  for (const id of drift.silent)
    expect
      .soft('changed', `${id} behaves differently: raise its \`version\` and run ${RENEW}`)
      .toBe('the same')
  expect(drift.lowered, 'a version only grows').toEqual([])
})

test('edition.golden.json is what rules and measures of this version do', () => {
  const { silent, lowered, stale } = drift
  if (process.env.RENEW_EDITIONS === undefined)
    expect(stale, `when no rule fails the test above, run ${RENEW}`).toEqual([])
  else {
    expect([...silent, ...lowered], 'not renewed: a version must be raised first').toEqual([])
    writeFileSync(FILE, `${JSON.stringify(now, null, 2)}\n`)
  }
})

test('the made-up lives reach every kind of fact and event, and most rules find something', () => {
  const shown = new Set(lives.flatMap(({ events }) => events.map(readableOf)))
  const told = new Set<Readable>(MEASURES.flatMap(({ tells }) => tells))
  const asked = new Set([...MEASURES, ...RULES].flatMap(({ reads }) => reads))
  for (const name of asked) if (!told.has(name)) expect(shown, name).toContain(name)
  // The others need weeks, or a setting that no law gives: their tables of cases have them.
  expect(finders.size).toBeGreaterThan(RULES.length * FINDERS_SHARE)
})

const kept = (version: number, edition: string, did: Readonly<Record<string, string>>): Kept => ({
  version,
  edition,
  did,
})
/** A rule that reads a measure, one that reads none, and the measure. */
const BEFORE: Golden = {
  heeds: kept(1, 'h1', { a: '1', b: '2' }),
  plain: kept(3, 'p3', { a: '1' }),
  point: kept(2, 'm2', { a: '1' }),
}
const READS = [
  { id: 'heeds', reads: ['tank-point'] },
  { id: 'plain', reads: ['sale'] },
] as const
const TELLS = [{ id: 'point', tells: ['tank-point'] }] as const
const NONE = { silent: [], lowered: [], stale: [] }

test.each<[what: string, changed: Golden, drift: Partial<Drift>]>([
  ['nothing changed', {}, {}],
  [
    'another behaviour under the same edition',
    { plain: kept(3, 'p3', { a: 'x' }) },
    { silent: ['plain'], stale: ['plain'] },
  ],
  ['another behaviour under a raised version', { plain: kept(4, 'p4', { a: 'x' }) }, { stale: ['plain'] }],
  ['another behaviour under other settings', { plain: kept(3, 'p3b', { a: 'x' }) }, { stale: ['plain'] }],
  [
    'one case of two comes out otherwise',
    { heeds: kept(1, 'h1', { a: '1', b: 'x' }) },
    { silent: ['heeds'], stale: ['heeds'] },
  ],
  ['a case more', { plain: kept(3, 'p3', { a: '1', c: '9' }) }, { stale: ['plain'] }],
  ['a case less', { heeds: kept(1, 'h1', { a: '1' }) }, { stale: ['heeds'] }],
  [
    'a version that goes down',
    { plain: kept(2, 'p2', { a: 'x' }) },
    { lowered: ['plain'], stale: ['plain'] },
  ],
  ['a rule more', { other: kept(1, 'o1', { a: '1' }) }, { stale: ['other'] }],
  [
    'a measure of another edition, and who reads it',
    { point: kept(3, 'm3', { a: 'x' }), heeds: kept(1, 'h1', { a: 'x', b: '2' }) },
    { stale: ['heeds', 'point'] },
  ],
  [
    'a measure of another edition is no excuse for who does not read it',
    { point: kept(3, 'm3', { a: 'x' }), plain: kept(3, 'p3', { a: 'x' }) },
    { silent: ['plain'], stale: ['plain', 'point'] },
  ],
  [
    'a measure that changed silently excuses nobody',
    { point: kept(2, 'm2', { a: 'x' }), heeds: kept(1, 'h1', { a: 'x', b: '2' }) },
    { silent: ['heeds', 'point'], stale: ['heeds', 'point'] },
  ],
])('told apart: %s', (_what, changed, expected) => {
  expect(driftOf(BEFORE, { ...BEFORE, ...changed }, READS, TELLS)).toEqual({ ...NONE, ...expected })
})

test('told apart: a rule that is gone', () => {
  const { plain: _gone, ...rest } = BEFORE
  expect(driftOf(BEFORE, rest, READS, TELLS)).toEqual({ ...NONE, stale: ['plain'] })
})

test.each<[what: string, one: unknown, other: unknown, same: boolean]>([
  ['the last digit of a root', Math.sqrt(3), 1.732050807568877, true],
  ['what rounding left of nothing', 0.1 + 0.2 - 0.3, 0, true],
  ['a tenth of a millilitre', 12_345.6, 12_345.7, false],
  ['a millisecond', 1_795_413_000_000, 1_795_413_000_001, false],
  ['the order of fields', { a: 1, b: [2] }, { b: [2], a: 1 }, true],
  ['the order of a list', [1, 2], [2, 1], false],
  ['a version', { version: 1, a: 1 }, { version: 2, a: 1 }, true],
  ['an absent field', { a: 1 }, { a: 1, b: undefined }, true],
  ['a field that is null', { a: 1 }, { a: 1, b: null }, false],
])('canonical text: %s', (_what, one, other, same) => {
  expect(canonical(one) === canonical(other)).toBe(same)
})
