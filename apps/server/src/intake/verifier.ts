import { parentPort } from 'node:worker_threads'
import { ALGORITHMS, type Algorithm } from '@oiltrail/evidence'
import { suites } from '@oiltrail/evidence/node'
import { decodeBatch, proveBatch } from '@oiltrail/protocols/uplink'

/** What tells a thread that it is to verify (thread.ts). */
export const VERIFIER_ROLE = 'oiltrail-verifier'

/** One batch to be looked at: is its chain whole, and is its signature by this key? */
export interface VerifierJob {
  readonly id: number
  readonly bytes: Uint8Array
  readonly algorithm: Algorithm
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
}

/** Ids of the jobs of one message whose batches are good. Everything else is checked again by intake itself. */
export interface VerifierAnswer {
  readonly ids: readonly number[]
  readonly good: readonly boolean[]
}

/** Whether the records of a batch hash to its head and the signature is by the key given. Never throws. */
export function isGood(job: VerifierJob): boolean {
  try {
    const batch = decodeBatch(job.bytes)
    if (!batch.ok || batch.value.header.alg !== job.algorithm || !ALGORITHMS.includes(job.algorithm))
      return false
    const suite = suites[job.algorithm]
    const verifier = suite.verifier(job.publicKey)
    return verifier.ok && proveBatch(batch.value, suite, verifier.value).ok
  } catch {
    return false
  }
}

/** The life of a verifier thread: answers messages until its port is closed. */
export function runVerifier(): void {
  parentPort?.on('message', (jobs: readonly VerifierJob[]) => {
    const answer: VerifierAnswer = { ids: jobs.map((job) => job.id), good: jobs.map(isGood) }
    parentPort?.postMessage(answer)
  })
}
