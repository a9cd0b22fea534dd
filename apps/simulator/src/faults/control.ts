import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { CATALOGUE, explainProblem, type Problem, parseJsonBytes } from '@oiltrail/kernel'
import { truthOf } from '../history/truth.ts'
import type { LiveCounty } from '../live.ts'
import type { FaultDesk } from './desk.ts'
import { FAULTS } from './registry.ts'

/** An order is one short text. */
const MOST_BODY_BYTES = 4_096
const REQUEST_TIMEOUT_MS = 5_000
/** Names under which loopback may be called; any other Host is a page of somebody else in a browser. */
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost'])

type Answer = { readonly status: number; readonly body: unknown }

/**
 * The county's control on loopback: `GET /faults` (what there is, what stands), `POST /faults` `{"fault":"…"}`,
 * `DELETE /faults/<id>`, `GET /statements` (deliveries announced and the like, since it is live), `GET /truth` (the ledgers of truth at this moment). Only JSON is taken, so that no page in a
 * browser can order faults without asking first.
 */
export async function openControl(
  live: LiveCounty,
  desk: FaultDesk,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void handle(request, live, desk)
      .then((answer) => send(response, answer))
      .catch(() => request.destroy())
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.headersTimeout = REQUEST_TIMEOUT_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the control must be a TCP port')
  return { url: `http://127.0.0.1:${address.port}`, close: () => close(server) }
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const bytes = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(bytes)
}

function refusal(problem: Problem): Answer {
  const zh = explainProblem(problem, 'zh')
  const en = explainProblem(problem, 'en')
  return {
    status: CATALOGUE[problem.code].status,
    body: {
      ...problem,
      happened: { zh: zh.happened, en: en.happened },
      remedy: { zh: zh.remedy, en: en.remedy },
    },
  }
}

async function handle(request: IncomingMessage, live: LiveCounty, desk: FaultDesk): Promise<Answer> {
  const host = (request.headers.host ?? '').replace(/:[0-9]+$/, '')
  if (!LOOPBACK_HOSTS.has(host)) return refusal({ code: 'FORBIDDEN', detail: 'only by a loopback address' })
  const path = (request.url ?? '').split('?', 1)[0]!
  if (request.method === 'GET' && path === '/faults') {
    live.present()
    const known = FAULTS.filter(({ only }) => only !== 'history').map(({ name, zh, en, subject }) => ({
      name,
      zh,
      en,
      subject,
    }))
    return { status: 200, body: { known, standing: desk.list() } }
  }
  if (request.method === 'GET' && path === '/truth') {
    live.present()
    return { status: 200, body: truthOf(live.world) }
  }
  if (request.method === 'GET' && path === '/statements') {
    live.present()
    return { status: 200, body: { statements: live.statements } }
  }
  const one = /^\/faults\/([0-9]{1,9})$/.exec(path)
  if (request.method === 'DELETE' && one) {
    const cancelled = desk.cancel(Number(one[1]))
    return cancelled.ok ? { status: 200, body: cancelled.value } : refusal(cancelled.problem)
  }
  if (request.method === 'POST' && path === '/faults') return orderFrom(request, desk)
  return refusal({ code: 'NOT_FOUND', detail: `${request.method} ${path.slice(0, 80)}` })
}

async function orderFrom(request: IncomingMessage, desk: FaultDesk): Promise<Answer> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    return refusal({ code: 'INVALID_REQUEST', detail: 'content-type must be application/json' })
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > MOST_BODY_BYTES)
      return refusal({ code: 'OVERSIZED', detail: `at most ${MOST_BODY_BYTES} bytes` })
    parts.push(part)
  }
  const body = parseJsonBytes(Buffer.concat(parts)) as { fault?: unknown } | null | undefined
  if (typeof body?.fault !== 'string')
    return refusal({
      code: 'INVALID_REQUEST',
      detail: 'the body reads {"fault":"name@site"}',
      where: 'fault',
    })
  const ordered = desk.order(body.fault)
  return ordered.ok ? { status: 201, body: ordered.value } : refusal(ordered.problem)
}
