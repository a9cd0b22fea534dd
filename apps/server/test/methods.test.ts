import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MAX_LISTENERS_OF_SOURCE } from '../src/api/hub.ts'
import { sourceOf } from '../src/api/source.ts'
import { readConfig } from '../src/config.ts'
import { openStand, type Stand, until } from './stand.ts'

/** The address of a proxy that the server trusts; the tests connect from here and from other addresses of this machine. */
const PROXY = '127.0.0.3'

let stand: Stand
beforeAll(async () => {
  stand = await openStand({ options: { 'trusted-proxy': `${PROXY},10.0.0.0/8` } })
})
afterAll(() => stand.close())

/** Sends a request with a method and address that no client library has put in order. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body = '') {
  const { hostname, port } = new URL(stand.server.url)
  return new Promise<{ status: number; allow: string | undefined; type: string | undefined; text: string }>(
    (answer, failed) => {
      const asked = request({ hostname, port, method, path, headers }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () =>
          answer({
            status: response.statusCode!,
            allow: response.headers.allow,
            type: response.headers['content-type'],
            text: Buffer.concat(parts).toString(),
          }),
        )
      })
      asked.on('error', failed)
      asked.end(body)
    },
  )
}

describe('an address that is asked in a way it does not know', () => {
  test.each([
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/api/sites', 'GET, HEAD, OPTIONS'],
    ['PUT', '/api/sites/S001', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/api/sites/%53001?x=1', 'GET, HEAD, OPTIONS'],
    ['GET', '/uplink', 'OPTIONS, POST'],
    ['HEAD', '/uplink', 'OPTIONS, POST'],
    ['GET', '/api/registry/sites', 'OPTIONS, POST'],
    ['POST', '/api/events', 'GET, HEAD, OPTIONS'],
    ['POST', '/api/statistics.csv', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/log/520327/checkpoint', 'GET, HEAD, OPTIONS'],
    ['POST', '/log/520327/tile/0/000', 'GET, HEAD, OPTIONS'],
    ['TRACE', '/api/overview', 'GET, HEAD, OPTIONS'],
  ])('%s %s: 405 with Allow, in the shape of every refusal', async (method, path, allow) => {
    const answer = await ask(method, path)
    expect(answer).toMatchObject({ status: 405, allow })
    if (method === 'HEAD') return
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'METHOD_NOT_ALLOWED',
      detail: expect.stringContaining(method),
      happened: { zh: expect.stringMatching(/\p{Script=Han}/u), en: expect.any(String) },
    })
  })

  test('is told so before its body is read, whatever that is', async () => {
    for (const type of ['text/xml', 'application/json'])
      expect(await ask('PUT', '/api/sites', { 'content-type': type }, '{"a":')).toMatchObject({ status: 405 })
  })

  test.each([
    ['POST', '/api/nothing'],
    ['PUT', '/nowhere'],
    ['POST', '/api/sites/S001/nothing'],
    ['POST', '/api/sites//levels'],
    ['POST', '/log/520328/checkpoint'],
    ['GET', '/api/nothing'],
    ['GET', '/log/520327/tile/0/999'],
    ['OPTIONS', '/api/nothing'],
    ['OPTIONS', '/nowhere'],
  ])('%s %s stays 404: nothing is there', async (method, path) => {
    expect(await ask(method, path)).toMatchObject({ status: 404, allow: undefined })
  })

  test('OPTIONS tells what it knows; of the whole server too', async () => {
    expect(await ask('OPTIONS', '/api/overview')).toMatchObject({
      status: 204,
      allow: 'GET, HEAD, OPTIONS',
      text: '',
    })
    expect(await ask('OPTIONS', '/uplink')).toMatchObject({ status: 204, allow: 'OPTIONS, POST', text: '' })
    expect(await ask('OPTIONS', '*')).toMatchObject({ status: 204, allow: 'GET, HEAD, OPTIONS, POST' })
  })

  test.each(['/healthz', '/api/overview', '/api/openapi.json', '/log/520327/vkey', '/api/events'])(
    'HEAD %s answers like GET, without a body',
    async (path) => {
      const head = await ask('HEAD', path)
      expect(head).toMatchObject({ status: 200, text: '' })
      if (path !== '/api/events') expect(head.type).toBe((await ask('GET', path)).type)
      else expect(head.type).toContain('text/event-stream')
    },
  )

  test('a method that nobody knows ends nothing', async () => {
    const { hostname, port } = new URL(stand.server.url)
    const line = await new Promise<string>((answer) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write('BREW /api/sites HTTP/1.1\r\nHost: x\r\n\r\n'),
      )
      socket.once('data', (data) => {
        answer(data.toString('latin1').split('\r\n', 1)[0]!)
        socket.destroy()
      })
    })
    expect(line).toContain('400')
    expect(await ask('GET', '/healthz')).toMatchObject({ status: 200 })
  })
})

describe('the places of event streams (S2)', () => {
  const open: ClientRequest[] = []
  afterEach(async () => {
    for (const stream of open.splice(0)) stream.destroy()
    await until('all places are free', async () => (await listening(PROXY, '192.0.2.250')) === 200)
    for (const stream of open.splice(0)) stream.destroy()
  })

  /** Opens a stream from an address of this machine; the status of its answer. */
  async function listening(from: string, forwarded?: string): Promise<number> {
    const { hostname, port } = new URL(stand.server.url)
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    const response = await new Promise<IncomingMessage>((answer, failed) => {
      const stream = request(
        { hostname, port, path: '/api/events', localAddress: from, agent: false, headers },
        answer,
      )
      stream.on('error', failed)
      stream.end()
      open.push(stream)
    })
    response.on('error', () => undefined)
    if (response.statusCode !== 200) {
      let text = ''
      for await (const part of response) text += part
      expect(JSON.parse(text)).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    }
    return response.statusCode!
  }

  async function fill(from: string, forwarded?: string): Promise<void> {
    for (let i = 0; i < MAX_LISTENERS_OF_SOURCE; i++) expect(await listening(from, forwarded)).toBe(200)
    expect(await listening(from, forwarded), 'one more').toBe(429)
  }

  test('one source cannot take them all, and gets its own back when it lets go', async () => {
    await fill('127.0.0.3')
    expect(await listening('127.0.0.2'), 'another').toBe(200)
    open[0]!.destroy()
    await until('a place is free', async () => (await listening('127.0.0.3')) === 200)
  })

  test('the machine itself is not counted: a proxy that nobody named may stand there, with a county behind it', async () => {
    for (let i = 0; i <= MAX_LISTENERS_OF_SOURCE; i++) expect(await listening('127.0.0.1')).toBe(200)
  })

  test('behind a trusted proxy the source is who the proxy names; nobody else is believed about that', async () => {
    await fill(PROXY, '192.0.2.1')
    expect(await listening(PROXY, '192.0.2.2')).toBe(200)
    // Whoever connects writes this line at will; a proxy puts the address that it saw behind what came.
    expect(await listening(PROXY, '192.0.2.3, 192.0.2.1')).toBe(429)
    expect(await listening(PROXY, '192.0.2.1, 192.0.2.3')).toBe(200)
    for (let i = 0; i < MAX_LISTENERS_OF_SOURCE; i++)
      expect(await listening('127.0.0.4', `192.0.2.${i}`)).toBe(200)
    expect(await listening('127.0.0.4', '192.0.2.99')).toBe(429)
  })

  test('five sources may fill the house, not fewer', async () => {
    for (let host = 10; host < 15; host++)
      for (let i = 0; i < MAX_LISTENERS_OF_SOURCE; i++) expect(await listening(`127.0.0.${host}`)).toBe(200)
    expect(await listening('127.0.0.15')).toBe(429)
  })
})

describe('who counts as one source', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::2', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0001:1:2:3:4', '2001:db8:0:1::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['x'.repeat(1_000), 'x'.repeat(64)],
  ])('%s is %s', (address, source) => {
    expect(sourceOf(address)).toBe(source)
  })

  test.each(['10.0.0.0/8', '::1', '10.0.0.1, fd00::/8'])('a trusted proxy may be %s', (text) => {
    expect(readConfig({ 'trusted-proxy': text }, {}, Date.now).trustedProxies).toHaveLength(
      text.split(',').length,
    )
  })

  test.each(['10.0.0.0/33', 'proxy.example', '10.0.0.1/', '10.0.0.1/8/8', '::1/129', 'true', '1'])(
    'a trusted proxy is not %s',
    (text) => {
      expect(() => readConfig({ 'trusted-proxy': text }, {}, Date.now)).toThrow(
        /CONFIG_INVALID.*--trusted-proxy.*应为/,
      )
    },
  )
})
