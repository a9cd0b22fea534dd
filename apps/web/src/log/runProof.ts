import { CallError, read } from '../api/client.ts'
import type { Claim } from './claim.ts'
import type { ProofStep } from './prove.ts'

/** What came of a proof: its steps, the entry it is about, and the log's key as fetched. */
export interface ProofResult {
  readonly position: number
  readonly steps: readonly ProofStep[]
  readonly vkeys: string
}

/** A vkey is a short line or two; anything larger is not one. */
const VKEY_LIMIT = 4_096

async function fetchVkeys(county: string): Promise<string> {
  const response = await fetch(`/log/${county}/vkey`)
  const text = response.ok ? await response.text() : ''
  return text.length <= VKEY_LIMIT ? text : ''
}

/** Fetches an entry and the log's key and proves it here; the cryptography is loaded when first needed. Throws CallError. */
export async function proveEntry(position: number, claim: Claim | undefined): Promise<ProofResult> {
  const [county, entry, { prove }, { platform }] = await Promise.all([
    read('county', {}, {}),
    read('entry', { position }, {}),
    import('./prove.ts'),
    import('@oiltrail/evidence/web'),
  ])
  const vkeys = await fetchVkeys(county.code)
  return { position, vkeys, steps: prove(entry, vkeys, claim, platform) }
}

/** Finds the record of a claim in the log and proves the entry that holds it. Undefined when the log does not hold it. */
export async function proveClaim(claim: Claim): Promise<ProofResult | undefined> {
  if (claim.channel === '') return undefined
  try {
    const { position } = await read(
      'find',
      {},
      { device: claim.device, channel: claim.channel, seq: claim.seq },
    )
    return await proveEntry(position, claim)
  } catch (error) {
    if (error instanceof CallError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
