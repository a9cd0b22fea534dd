import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { RULE_FAILED } from '@oiltrail/domain'
import { describe, expect, it } from 'vitest'
// The tables of cases are no part of the domain's interface; only tests look at them.
import { playCase, type RuleCases } from '../../../../packages/domain/src/rules/cases.ts'
import { en } from '../text/en.ts'
import type { Words } from '../text/zh.ts'
import { zh } from '../text/zh.ts'
import { factLabel, factText } from './facts.ts'

const folder = fileURLToPath(new URL('../../../../packages/domain/src/rules/', import.meta.url))

/** Every fact that any case of a rule's table leaves with its alarm: `key value`, once each. */
async function factsOfRules(): Promise<Map<string, [key: string, value: number | string][]>> {
  const all = new Map<string, [string, number | string][]>()
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.cases.ts'))) {
    const { rule, cases } = ((await import(/* @vite-ignore */ `${folder}${name}`)) as { default: RuleCases })
      .default
    const seen = new Map<string, [string, number | string]>()
    const listening = {
      ...rule,
      sentence: (raised, language) => {
        for (const [key, value] of Object.entries(raised.facts))
          seen.set(typeof value === 'string' ? `${key} ${value}` : key, [key, value])
        return rule.sentence(raised, language)
      },
    } satisfies typeof rule
    for (const row of cases) playCase(listening, row)
    all.set(rule.id, [...seen.values()])
  }
  return all
}

const facts = await factsOfRules()
/** Names and identities: their text is what was read, not a word of ours. */
const VERBATIM = new Set([
  'before',
  'after',
  'registered',
  'nozzle',
  'notice',
  'withdrawnNotice',
  'window',
  'port',
  'message',
  'rule',
  'site',
])
const SAYS_UNIT = /[A-Za-z%‰¥°Ω#\u4e00-\u9fff]|\d{4}-\d\d-\d\d/

describe('B3: the facts of an alarm are said in words', () => {
  it('are those of every rule that has cases', () => {
    expect(facts.size).toBeGreaterThan(25)
    for (const [rule, list] of facts) expect(list.length, rule).toBeGreaterThan(0)
  })

  it.each([...facts])('%s', (rule, list) => {
    const languages: readonly ['zh' | 'en', Words][] = [
      ['zh', zh],
      ['en', en],
    ]
    for (const [language, words] of languages)
      for (const [key, value] of list) {
        expect(words.factName[key], `${rule}.${key} in ${language}`).toBeTruthy()
        expect(factLabel(key, words)).toBe(words.factName[key])
        const text = factText(key, value, language, words)
        if (typeof value === 'number') expect(text, `${rule}.${key} has a unit`).toMatch(SAYS_UNIT)
        else if (value === '') expect(text).toBe('—')
        else if (key === 'code') expect(text).toMatch(/.{4,} \([A-Z_]+\)/)
        else if (!VERBATIM.has(key) && key !== 'grade' && key !== 'label')
          expect(words.factValue[key]?.[value], `${rule}.${key}=${value} in words`).toBe(text)
      }
  })

  it.each(['rule', 'site', 'event', 'message'])('of a failed rule: %s', (key) => {
    expect(RULE_FAILED.id).toBe('rule-failed')
    for (const words of [zh, en]) expect(words.factName[key]).toBeTruthy()
  })
})
