import { HEALTH_EVENTS } from '@oiltrail/domain'
import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { zh } from './zh.ts'

/** All texts and sentence functions of a dictionary with their paths. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, part]) => leaves(part, `${path}.${key}`))
}

describe('the two dictionaries', () => {
  it('have exactly the same keys', () => {
    const keys = (words: unknown): string[] => leaves(words).map(([path]) => path)
    expect(keys(en).sort()).toEqual(keys(zh).sort())
  })

  it('hold no Chinese in English, but the name and the way back to Chinese', () => {
    const chinese = leaves(en).filter(([, text]) => typeof text === 'string' && /[\u4e00-\u9fff]/.test(text))
    expect(chinese.map(([path]) => path)).toEqual(['.productLatin', '.language', '.languageHint'])
  })

  it('have no empty text and no exclamation mark', () => {
    for (const words of [zh, en])
      for (const [path, text] of leaves(words))
        if (typeof text === 'string') {
          expect(text, path).not.toBe('')
          expect(text, path).not.toMatch(/[!!]/)
        }
  })

  it.each(HEALTH_EVENTS)('tell the self-check event %s in words, not by its code', (event) => {
    for (const words of [zh, en]) {
      const sentence = words.event({ kind: event, siteName: 'X', subject: '', value: undefined })
      expect(sentence.toLowerCase()).not.toBe(`x${event}`)
      expect(words.fault(event, '')).not.toContain('-')
      expect(words.eventMany(event, ['A', 'B', 'C', 'D'])).not.toContain(event.includes('-') ? event : '\0')
    }
    expect(zh.fault(event, '')).toMatch(/[\u4e00-\u9fff]/)
  })

  it('say a sale with its subject, number and place', () => {
    const facts = { kind: 'sale', siteName: '永和加油站', subject: '3', value: 32_450 }
    expect(zh.event(facts).replaceAll('\u2009', '')).toBe('永和加油站3号枪加油 32.45 L')
    expect(en.event(facts)).toBe('永和加油站, nozzle 3: sold 32.45 L')
    expect(zh.event({ ...facts, source: 'arm' })).toContain('装车')
  })
})
