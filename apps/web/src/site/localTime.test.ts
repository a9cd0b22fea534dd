import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldOfMoment, momentOfField } from './localTime.ts'

const MINUTE_MS = 60_000

describe('a field for date and time', () => {
  it('means China time and gives back every minute it shows', () => {
    expect(fieldOfMoment(Date.UTC(2026, 10, 23, 6, 5))).toBe('2026-11-23T14:05')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000_000 }), (minutes) => {
        expect(momentOfField(fieldOfMoment(minutes * MINUTE_MS))).toBe(minutes * MINUTE_MS)
      }),
    )
  })

  it.each(['', '2026-02-30T10:00', '2026-11-23', '2026-11-23T24:60', '2026-11-23T10:00Z'])(
    'with %s means nothing',
    (text) => expect(momentOfField(text)).toBeUndefined(),
  )
})
