import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Algorithm } from '@oiltrail/evidence'
import { CHANNELS, type Clock, isProblemCode, ok, type Result, refuse, toBase64 } from '@oiltrail/kernel'
import { uplink } from '@oiltrail/protocols'
import { z } from 'zod'
import { readAuthority } from '../uplink/authority.ts'
import { explainFailure } from '../uplink/failure.ts'
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

/** Where a device is enrolled, and where what it gets is kept. */
export interface EnrolPlace {
  readonly directory: string
  /** Address of the platform's API. */
  readonly api: string
  /** PEM file of the authority behind the platform's certificate; the public ones when absent. */
  readonly caFile: string | undefined
}

/**
 * Enrols a device with its one-time code: proves that it holds both keys, and stores the token it gets
 * (docs/formats/uplink.md §6). Refuses with the platform's code, or OVERLOADED when it could not be reached or is not
 * the one that the authority vouches for: then trying again later is right, and `detail` says why in both languages.
 */
export async function enrolDevice(
  identity: Identity,
  code: string,
  clock: Clock,
  place: EnrolPlace,
): Promise<Result<Identity>> {
  const { api, directory } = place
  const request = await enrolRequest(directory, identity, code)
  if (!request.ok) return request
  const sent = await post(place, JSON.stringify(request.value)).catch((error: unknown) => {
    const { zh, en } = explainFailure(error)
    return refuse('OVERLOADED', `${zh} / ${en}`, api)
  })
  if (!sent.ok) return sent
  const { status, text } = sent.value
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

/** One POST to the platform; rejects when no whole answer comes. Redirects are answers like any other: not followed. */
function post({ api, caFile }: EnrolPlace, body: string): Promise<Result<{ status: number; text: string }>> {
  const url = new URL('/api/enrol', api)
  const secure = url.protocol === 'https:'
  const authority = secure && caFile !== undefined ? readAuthority(caFile) : undefined
  if (authority && !authority.ok)
    return Promise.resolve(refuse('OVERLOADED', authority.problem.detail, authority.problem.where))
  return new Promise((resolve, reject) => {
    const read = (response: IncomingMessage): void => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text = (text + part).slice(0, MAX_ANSWER_BYTES)
      })
      response.once('error', reject)
      response.once('end', () => resolve(ok({ status: response.statusCode ?? 0, text })))
    }
    const request = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        // A connection of its own: enrolment happens once.
        agent: false,
        ...(authority ? { ca: authority.value } : {}),
      },
      read,
    )
    request.once('error', reject)
    request.end(body)
  })
}
