import { describe, expect, it } from 'vitest'
import { initialLanguage } from './settings.tsx'

describe('language', () => {
  it.each([
    ['?lang=en', 'zh', 'en'],
    ['?lang=zh', 'en', 'zh'],
    ['', 'en', 'en'],
    ['', undefined, 'zh'],
    ['?lang=xx', 'junk', 'zh'],
  ])('of address %s with %s remembered is %s', (search, remembered, language) => {
    expect(initialLanguage(search, remembered)).toBe(language)
  })
})
