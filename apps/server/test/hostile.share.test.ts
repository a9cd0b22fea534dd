import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LogRow } from '@oiltrail/store'
import { afterEach, describe, expect, test } from 'vitest'
import { ShareCarrier } from '../src/share/carrier.ts'

/** A batch that is handed on to something that is no platform, or a broken one. */
const ENTRY: LogRow = {
  county: 520_327,
  position: 7,
  type: 'batch',
  receivedAt: 1,
  device: '520327-S001-A',
  channel: 'volume',
  firstSeq: 1,
  lastSeq: 2,
  leaf: new Uint8Array(1),
  raw: new Uint8Array(3),
}
const RECEIPT = {
  v: 1,
  outcome: 'stored',
  device: ENTRY.device,
  channel: ENTRY.channel,
  first: 1,
  last: 2,
  head: '',
  position: 0,
  at: 1,
}

let server: Server | undefined
let carrier: ShareCarrier | undefined
afterEach(async () => {
  carrier?.close()
  server?.closeAllConnections()
  await new Promise((down) => server?.close(down))
})

/** Hands the batch on to a peer that answers like this, with a second's patience. */
async function handOn(answer: RequestListener): Promise<unknown> {
  server = createServer((request, response) => {
    request.resume()
    request.on('end', () => answer(request, response))
  })
  await new Promise<void>((up) => server!.listen(0, '127.0.0.1', up))
  const { port } = server.address() as AddressInfo
  carrier = new ShareCarrier({ url: `http://127.0.0.1:${port}`, token: undefined, ca: undefined }, 1, 1_000)
  return carrier.batch(ENTRY)
}

const saying =
  (body: unknown): RequestListener =>
  (_request, response) =>
    response.end(JSON.stringify(body))

describe('a platform that is none (C5)', () => {
  test('a receipt of ours is believed, one of other records is not', async () => {
    expect(await handOn(saying(RECEIPT))).toEqual({ outcome: 'stored' })
  })

  test.each<[string, RequestListener, RegExp]>([
    ['a receipt of other records', saying({ ...RECEIPT, last: 3 }), /receipt is for/],
    ['no receipt', saying({ ok: true }), /no receipt/],
    ['no JSON', (_request, response) => response.end('<html>'), /no receipt/],
    [
      'a code that nobody knows',
      saying({ ...RECEIPT, outcome: 'refused', code: '__proto__' }),
      /unknown code/,
    ],
    ['an endless answer', (_request, response) => response.end('x'.repeat(1_000_000)), /too long/],
    ['silence', () => undefined, /no answer in time/],
    ['drops', (_request, response) => drip(response), /no answer in time/],
    ['a hang-up', (request) => request.socket.destroy(), /hang up|ECONNRESET/],
    [
      'a redirect',
      (_request, response) => response.writeHead(302, { location: 'http://[::1]/' }).end(),
      /no receipt/,
    ],
  ])('%s is offered again later', async (_what, answer, message) => {
    await expect(handOn(answer)).rejects.toThrow(message)
  })

  test('words that the database could not keep do not stop the hand-over', async () => {
    const refused = {
      ...RECEIPT,
      outcome: 'refused',
      code: 'MALFORMED',
      detail: `a\u0000b${'x'.repeat(1_000)}`,
    }
    const delivery = (await handOn(saying(refused))) as { outcome: string; detail: string }
    expect(delivery.outcome).toBe('refused')
    expect(delivery.detail).toMatch(/^a bx{297}$/)
  })
})

/** A byte now and then keeps the connection busy and never makes an answer. */
function drip(response: Parameters<RequestListener>[1]): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 50)
  response.on('close', () => clearInterval(timer))
}
