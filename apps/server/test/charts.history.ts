import { type ChartProposal, chartDeviation, NO_STRAP } from '@oiltrail/domain'
import { putRemembered, type Store } from '@oiltrail/store'

/** Position of the reading after which it was proposed. */
export const POSITION = 41

/** A proposal as the rule keeps it. */
export const PROPOSAL: ChartProposal = {
  ref: { position: POSITION, seq: 7 },
  at: 1_790_000_000_000,
  reason: 'bent',
  bands: [
    { fromMillilitres: 3_000_000, toMillilitres: 21_000_000, percent: 1, halfWidthPercent: 0.1, passages: 9 },
  ],
  rows: [
    [500_000, 4_000_000, 4_000_000],
    [1_000_000, 12_000_000, 12_120_000],
    [1_500_000, 20_000_000, 20_180_000],
  ],
  scalePercent: 1,
  scaleHalfWidthPercent: 0.1,
  bendMillilitres: 60_000,
  certainty: 9,
  halfWidthMillilitres: 8_000,
  residualBeforeMillilitres: 20_000,
  residualAfterMillilitres: 1_000,
  litres: 90_000,
  passages: 60,
  fillings: 6,
  deliveries: { matched: 0, beforePercent: 0, afterPercent: 0, halfWidthPercent: 0 },
  scaleConfirmed: false,
}

/** Lets the rule remember it of tank 1 of a site. */
export async function rememberChart(store: Store, county: number, site: string): Promise<void> {
  const state = { strap: NO_STRAP, proposal: PROPOSAL }
  const row = { rule: chartDeviation.id, version: chartDeviation.version, subject: `${site}/tank/1`, state }
  await store.transaction((tx) =>
    putRemembered(tx, county, {
      position: 0,
      logTime: 0,
      failing: [],
      channels: [],
      states: [{ ...row, wakeAt: null, verdict: 'attention' }],
    }),
  )
}
