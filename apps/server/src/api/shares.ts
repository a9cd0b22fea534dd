import {
  countShareRefusals,
  listShares,
  newestShareRefusals,
  readEntries,
  type ShareState,
} from '@oiltrail/store'
import type { ShareCourier } from '../share/courier.ts'
import type { ApiParts, Handlers } from './handler.ts'

/** Refused entries told one by one for each platform; all are counted. */
const REFUSALS_SHOWN = 20

/** When the log took an entry in; undefined where there is none. */
async function receivedAt({ context }: ApiParts, position: number): Promise<number | undefined> {
  if (position < 0 || position >= context.nextPosition()) return undefined
  const [entry] = await readEntries(context.store.pool, context.county, position, { entries: 1, bytes: 1 })
  return entry?.position === position ? entry.receivedAt : undefined
}

/** What is on record of one other platform, and how it goes now. */
async function shareOf(
  parts: ApiParts,
  target: string,
  state: ShareState | undefined,
  courier: ShareCourier | undefined,
) {
  const { store, county } = parts.context
  // A courier that has just begun does not know yet where it was; the record does.
  const nextPosition = Math.max(state?.nextPosition ?? 0, courier?.position ?? 0)
  const [sharedUntil, waitingSince, refused, refusals] = await Promise.all([
    receivedAt(parts, nextPosition - 1),
    receivedAt(parts, nextPosition),
    countShareRefusals(store.pool, county, target),
    newestShareRefusals(store.pool, county, target, REFUSALS_SHOWN),
  ])
  const { failing, failingSince } = courier?.figures ?? {}
  return {
    target,
    active: courier !== undefined,
    statementsToo: courier?.mayState ?? false,
    nextPosition,
    waiting: Math.max(0, parts.context.nextPosition() - nextPosition),
    ...(sharedUntil === undefined ? {} : { sharedUntil }),
    ...(waitingSince === undefined ? {} : { waitingSince }),
    batches: state?.batches ?? 0,
    statements: state?.statements ?? 0,
    bytes: state?.bytes ?? 0,
    ...(state ? { firstAt: state.firstAt, lastAt: state.lastAt } : {}),
    refused,
    refusals: refusals.map(({ position, code, detail, at }) => ({ position, code, detail, at })),
    ...(failing === undefined || failingSince === undefined
      ? {}
      : { failing: { reason: failing, since: failingSince } }),
  }
}

export const shareHandlers: Handlers<'shares'> = {
  async shares(_input, parts) {
    const { store, county, couriers } = parts.context
    const states = await listShares(store.pool, county)
    const targets = new Set([...couriers.map(({ target }) => target), ...states.map(({ target }) => target)])
    return Promise.all(
      [...targets].map((target) =>
        shareOf(
          parts,
          target,
          states.find((state) => state.target === target),
          couriers.find((courier) => courier.target === target),
        ),
      ),
    )
  },
}
