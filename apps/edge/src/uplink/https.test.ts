import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { explainFailure } from './failure.ts'
import { HttpCarrier } from './https.ts'

const RECEIPT = JSON.stringify({
  v: 1,
  outcome: 'stored',
  device: '520327-S001-A',
  channel: 'volume',
  first: 1,
  last: 1,
  head: '0'.repeat(64),
  position: 1,
  at: 1,
})

let server: Server
let carrier: HttpCarrier
let told: string[]
let said: string[]
/** What the other side does with a request for a path. */
let answer: (path: string, response: ServerResponse) => void

beforeEach(async () => {
  told = []
  said = []
  server = createServer((request, response) => {
    request.resume()
    request.on('end', () => answer(request.url!, response))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) })
  const { port } = server.address() as AddressInfo
  carrier = new HttpCarrier({ url: `http://127.0.0.1:${port}`, log })
})
afterEach(async () => {
  await carrier.stop()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const start = (): void =>
  carrier.start({
    up: () => void told.push('up'),
    down: (reason) => void told.push(`down ${reason}`),
    receipt: (text) => void told.push(text),
  })
const until = (count: number) =>
  vi.waitUntil(() => told.length >= count, { timeout: 10_000, interval: 5 }).catch(() => undefined)
const reply = (status: number, text: string) => (_: string, response: ServerResponse) =>
  void response.writeHead(status).end(text)

describe('the uplink by HTTP', () => {
  it.each<[string, number]>([
    ['a platform that lives', 200],
    ['a platform without that page', 404],
  ])('is up at the answer of %s, and hands receipts over', async (_, status) => {
    answer = (path, response) =>
      path === '/healthz' ? reply(status, '')(path, response) : reply(200, RECEIPT)(path, response)
    start()
    await until(1)
    carrier.send(Buffer.from('a batch'))
    await until(2)
    expect(told).toEqual(['up', RECEIPT])
    expect(said).toEqual([])
  })

  it('is never up before a platform that only a proxy answers for, and says so once', async () => {
    answer = reply(502, '<html>')
    start()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(told).toEqual([])
    expect(said.length).toBe(1)
    expect(said[0]).toContain('HTTP 502')
    expect(said[0]).toContain('连不上平台')
  })

  it.each<[string, typeof answer]>([
    ['a page instead of a receipt', reply(200, '<html>')],
    ['a connection that breaks', (_, response) => void response.destroy()],
    [
      'half an answer',
      (_, response) => void response.writeHead(200, { 'content-length': '400' }).write('{"v"'),
    ],
  ])('is down after %s, once for all batches under way, and tries again', async (what, spoil) => {
    let healthy = true
    answer = (path, response) => (path === '/healthz' && healthy ? reply(200, '') : spoil)(path, response)
    start()
    await until(1)
    healthy = false
    for (let i = 0; i < 5; i++) carrier.send(Buffer.from('a batch'))
    if (what === 'half an answer') setTimeout(() => server.closeAllConnections(), 100)
    await until(2)
    carrier.send(Buffer.from('not before it is up again'))
    healthy = true
    answer = (path, response) => reply(200, path === '/healthz' ? '' : RECEIPT)(path, response)
    await until(3)
    expect(told.map((each) => each.split(' ')[0])).toEqual(['up', 'down', 'up'])
    carrier.send(Buffer.from('a batch'))
    await until(4)
    expect(told[3]).toBe(RECEIPT)
  })
})

describe('why a connection failed', () => {
  it.each<[unknown, string, string]>([
    [Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }), '已过期', 'expired'],
    [Object.assign(new Error('x'), { code: 'CERT_NOT_YET_VALID' }), '本机时钟', 'clock'],
    [Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'CA 签发', 'authority'],
    [Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), '主机名', 'another host'],
    [Object.assign(new Error('x'), { code: 'EPROTO' }), '不讲 TLS', 'does not speak TLS'],
    [Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'DNS', 'DNS'],
    [Object.assign(new Error('Not authorized'), { code: 5 }), '凭证', 'credential'],
    [new Error('y'.repeat(900)), '连接失败', 'failed'],
    ['just text', '连接失败', 'just text'],
    [undefined, '连接失败', 'failed'],
    [null, '连接失败', 'failed'],
  ])('%s is said in both languages, in bounds', (error, zh, en) => {
    const words = explainFailure(error)
    expect(words.zh).toContain(zh)
    expect(words.en).toContain(en)
    expect(words.en.length).toBeLessThan(400)
  })
})
