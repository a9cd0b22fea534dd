import type { Algorithm } from '@oiltrail/evidence'
import { CHANNELS, type Clock, isProblemCode, ok, type Result, refuse, toBase64 } from '@oiltrail/kernel'
import { uplink } from '@oiltrail/protocols'
import { z } from 'zod'
import { type Identity, loadSigner, writeIdentity } from './identity.ts'

/** Real time that the platform may take to answer. */
const ANSWER_TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 65_536

const answerSchema = z.object({
  county: z.string(),
  device: z.string(),
  token: z.string().min(1).max(512),
  serverTime: z.number(),
})

/**
 * Enrols a device with its one-time code: proves that it holds both keys, and stores the token it gets
 * (docs/formats/uplink.md §6). Refuses with the platform's code, or OVERLOADED when it could not be reached:
 * then trying again later is right.
 */
export async function enrolDevice(
  directory: string,
  identity: Identity,
  api: string,
  code: string,
  clock: Clock,
): Promise<Result<Identity>> {
  const request = await enrolRequest(directory, identity, code)
  if (!request.ok) return request
  let status: number
  let text: string
  try {
    const response = await fetch(new URL('/api/enrol', api), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request.value),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      redirect: 'error',
    })
    status = response.status
    text = (await response.text()).slice(0, MAX_ANSWER_BYTES)
  } catch (error) {
    return refuse('OVERLOADED', `the platform does not answer: ${reasonOf(error)}`, api)
  }
  const body = parseJson(text)
  if (status >= 500) return refuse('OVERLOADED', `the platform answers ${status}`, api)
  if (status !== 200 && status !== 201) return refusal(status, body, api)
  const answer = answerSchema.safeParse(body)
  if (!answer.success || answer.data.device !== identity.device)
    return refuse('OVERLOADED', 'the answer is not that of a platform', api)
  const enrolled: Identity = { ...identity, enrolled: { token: answer.data.token, at: clock.now(), code } }
  await writeIdentity(directory, enrolled)
  return ok(enrolled)
}

async function enrolRequest(
  directory: string,
  identity: Identity,
  code: string,
): Promise<Result<uplink.EnrolRequest>> {
  const keys: {
    channel: (typeof CHANNELS)[number]
    algorithm: Algorithm
    publicKey: string
    proof: string
  }[] = []
  for (const channel of CHANNELS) {
    const { device, algorithm } = identity
    const signer = await loadSigner(directory, device, channel, identity.keys[channel], algorithm)
    if (!signer.ok) return signer
    keys.push({
      channel,
      algorithm,
      publicKey: toBase64(signer.value.publicKey),
      proof: toBase64(signer.value.sign(uplink.enrolProofBytes(code, device, channel))),
    })
  }
  return ok({ code, device: identity.device, keys })
}

function refusal(status: number, body: unknown, api: string): Result<never> {
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown }
  const said = typeof detail === 'string' ? detail.slice(0, 200) : `HTTP ${status}`
  return refuse(typeof code === 'string' && isProblemCode(code) ? code : 'INVALID_REQUEST', said, api)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string } }).cause?.code
  return cause ?? (error instanceof Error ? error.name : 'error')
}
