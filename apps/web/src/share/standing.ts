import type { Answer } from '../api/endpoints.ts'

export type Share = Answer<'shares'>[number]

export const STANDINGS = ['well', 'sending', 'failing', 'stopped'] as const
export type Standing = (typeof STANDINGS)[number]

/** An entry that came in this moment is on its way and no backlog. */
const FRESH_MS = 10_000

/** How handing on to a platform goes at a moment. */
export function standingOf(share: Share, now: number): Standing {
  if (!share.active) return 'stopped'
  if (share.failing) return 'failing'
  return share.waitingSince !== undefined && share.waitingSince < now - FRESH_MS ? 'sending' : 'well'
}

/** The worst standing of the platforms that are handed on to, how many stand so, and the longest backlog among them. */
export function worstOf(
  shares: readonly Share[],
  now: number,
): { standing: Exclude<Standing, 'stopped'>; count: number; waiting: number } | undefined {
  for (const standing of ['failing', 'sending', 'well'] as const) {
    const those = shares.filter((share) => standingOf(share, now) === standing)
    if (those.length > 0)
      return { standing, count: those.length, waiting: Math.max(...those.map(({ waiting }) => waiting)) }
  }
  return undefined
}
