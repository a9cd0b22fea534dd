import { describe, expect, it } from 'vitest'
import { type Share, standingOf, worstOf } from './standing.ts'

const NOW = 1_795_413_932_120
const share = (changes: Partial<Share> = {}): Share => ({
  ...{ target: 'https://a.invalid', active: true, statementsToo: true, nextPosition: 10, waiting: 0 },
  ...{ batches: 9, statements: 1, bytes: 9_000, refused: 0, refusals: [], ...changes },
})
const failing = { reason: 'connect ECONNREFUSED', since: NOW - 60_000 }

describe('how handing on goes', () => {
  it.each([
    ['well', {}],
    ['well', { waiting: 3, waitingSince: NOW - 9_999 }],
    ['sending', { waiting: 3, waitingSince: NOW - 10_001 }],
    ['failing', { failing }],
    ['failing', { failing, waiting: 3, waitingSince: NOW - 60_000 }],
    // Nothing is tried any more: neither what waits nor an old failure matters.
    ['stopped', { active: false, waiting: 900, waitingSince: NOW - 90_000_000 }],
  ] as const)('%s with %j', (standing, changes) => {
    expect(standingOf(share(changes), NOW)).toBe(standing)
  })

  it('is told by the worst of those still handed on to', () => {
    const late = share({ waiting: 7, waitingSince: NOW - 60_000 })
    const away = share({ failing, waiting: 12 })
    expect(worstOf([share(), late, away, share({ active: false, waiting: 900 })], NOW)).toEqual({
      ...{ standing: 'failing', count: 1, waiting: 12 },
    })
    expect(worstOf([share(), late], NOW)).toEqual({ standing: 'sending', count: 1, waiting: 7 })
    expect(worstOf([share(), share()], NOW)).toEqual({ standing: 'well', count: 2, waiting: 0 })
    expect(worstOf([share({ active: false })], NOW)).toBeUndefined()
  })
})
