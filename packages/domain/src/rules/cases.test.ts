import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { playCase, type RuleCases } from './cases.ts'
import { RULES } from './list.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith('.cases.ts'))
const tables = await Promise.all(
  files.map(async (name) => ({
    name,
    ...((await import(/* @vite-ignore */ `${folder}${name}`)) as { default: RuleCases }).default,
  })),
)

describe('every rule has its table of cases', () => {
  it('lists each rule once, each with a table of its name and a near miss', () => {
    expect(new Set(RULES.map((rule) => rule.id)).size).toBe(RULES.length)
    for (const rule of RULES) {
      const table = tables.find((each) => each.name === `${rule.id}.cases.ts`)
      expect(table?.rule, rule.id).toBe(rule)
      expect(
        table?.cases.some((row) => row.nearMiss),
        `${rule.id} needs a near miss`,
      ).toBe(true)
      expect(
        table?.cases.some((row) => row.expect.some((line) => /[▲△]/.test(line))),
        rule.id,
      ).toBe(true)
    }
  })

  it('gives every setting a default within its bounds, a source and both languages', () => {
    for (const rule of RULES)
      for (const [key, setting] of Object.entries(rule.settings)) {
        const name = `${rule.id}.${key}`
        expect(setting.value, name).toBeGreaterThanOrEqual(setting.least)
        expect(setting.value, name).toBeLessThanOrEqual(setting.most)
        expect(setting.source, name).not.toBe('')
        expect(setting.label.zh && setting.label.en, name).toBeTruthy()
        expect(setting.effective, name).toMatch(/^\d{4}-\d{2}-\d{2}$/)
      }
  })
})

for (const { name, rule, cases } of tables)
  describe(`${rule.id} (${name})`, () => {
    for (const row of cases)
      it(row.what, () => {
        const { signalled, english } = playCase(rule, row)
        expect(signalled).toEqual(row.expect)
        if (row.nearMiss) expect(row.expect).toEqual([])
        if (row.expectEn) expect(english).toEqual(row.expectEn)
        for (const sentence of english) expect(sentence).not.toMatch(/undefined|NaN/)
      })
  })
