import { CATALOGUE, isProblemCode } from '@oiltrail/kernel'
import type { Language } from '../settings.tsx'
import {
  ACT_PATHS,
  type ActName,
  type Answer,
  addressOf,
  type Body,
  type Params,
  pathOf,
  type Query,
  type ReadName,
} from './endpoints.ts'

/** A failed call: what happened, what to do, and the code, in both languages. */
export class CallError extends Error {
  readonly code: string
  readonly detail: string
  readonly happened: Record<Language, string>
  readonly remedy: Record<Language, string>
  constructor(
    code: string,
    happened: Record<Language, string>,
    remedy: Record<Language, string>,
    detail: string,
  ) {
    super(`${code}: ${detail}`)
    this.name = 'CallError'
    this.code = code
    this.happened = happened
    this.remedy = remedy
    this.detail = detail
  }
}

function unreachable(detail: string): CallError {
  return new CallError(
    'UNREACHABLE',
    { zh: '无法连接平台', en: 'The platform cannot be reached' },
    { zh: '检查网络;页面会自动重试', en: 'Check the network; the page tries again by itself' },
    detail,
  )
}

/** Makes a CallError of an answer that is not 2xx; what it does not say comes from the catalogue. */
async function problemOf(response: Response): Promise<CallError> {
  let body: Partial<Record<'code' | 'detail' | 'happened' | 'remedy', unknown>> = {}
  try {
    body = (await response.json()) as typeof body
  } catch {
    // Not JSON: a proxy answered, or the platform is going down.
  }
  if (typeof body.code !== 'string') return unreachable(`HTTP ${response.status}`)
  const known = CATALOGUE[isProblemCode(body.code) ? body.code : 'INTERNAL']
  return new CallError(
    body.code,
    { zh: known.zh, en: known.en },
    { zh: known.remedyZh, en: known.remedyEn },
    typeof body.detail === 'string' ? body.detail : `HTTP ${response.status}`,
  )
}

/** Reads an endpoint. Throws CallError. */
export async function read<N extends ReadName>(
  name: N,
  params: Params<N>,
  query: Query<N>,
  signal?: AbortSignal,
): Promise<Answer<N>> {
  let response: Response
  try {
    response = await fetch(addressOf(name, params, query), {
      credentials: 'same-origin',
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw unreachable(String(error))
  }
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as Answer<N>
}

/** Does what an administrator may do. The token travels with this one call only. Throws CallError. */
export async function act<N extends ActName>(
  name: N,
  params: Params<N>,
  body: Body<N>,
  token: string,
): Promise<Answer<N>> {
  let response: Response
  try {
    response = await fetch(pathOf(ACT_PATHS[name], params), {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
  } catch (error) {
    throw unreachable(String(error))
  }
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as Answer<N>
}
