import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeHttp } from '../src/http.ts'
import { registerWeb } from '../src/web.ts'

let outside: string
let folder: string
let app: FastifyInstance
let base: string

/** What `vite build` leaves: the folder is emptied and filled anew. */
async function build(version: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'assets', `main-${version}.js`), `run(${version})`)
  await writeFile(join(folder, 'favicon.svg'), '<svg/>')
  await writeFile(join(folder, 'index.html'), `<script src="/assets/main-${version}.js"></script>`)
}

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'oiltrail-web-'))
  folder = join(outside, 'web')
  await mkdir(folder)
  await build('1')
  await writeFile(join(outside, 'secret.txt'), 'secret')
  await writeFile(join(folder, '.env'), 'secret')
  app = await makeHttp(pino({ level: 'silent' }), undefined)
  app.get('/api/thing', async () => ({ ok: true }))
  await registerWeb(app, folder)
  base = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterEach(async () => {
  await app.close()
  await rm(outside, { recursive: true })
})

const get = async (path: string): Promise<{ status: number; text: string; headers: Headers }> => {
  const response = await fetch(`${base}${path}`)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** A request whose address no client library has put in order. */
async function raw(path: string): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await once(socket, 'close')
  return answer
}

describe('pages', () => {
  it('every place of the application is the page; parts are kept for ever, the page is asked for anew', async () => {
    for (const path of ['/', '/sites/S001', '/alarms?state=all', '/log']) {
      const page = await get(path)
      expect([path, page.status, page.text]).toEqual([path, 200, expect.stringContaining('main-1.js')])
      expect(page.headers.get('cache-control')).toBe('no-cache')
      expect(page.headers.get('content-type')).toContain('text/html')
    }
    const part = await get('/assets/main-1.js')
    expect(part).toMatchObject({ status: 200, text: 'run(1)' })
    expect(part.headers.get('cache-control')).toContain('immutable')
    expect(part.headers.get('content-type')).toContain('javascript')
    expect(await get('/favicon.svg')).toMatchObject({ status: 200, text: '<svg/>' })
  })

  it('what is neither page nor file is a problem, never the page', async () => {
    for (const path of ['/api/none', '/log/520327/none', '/assets/none.js', '/none.png']) {
      const answer = await get(path)
      expect([path, answer.status]).toEqual([path, 404])
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'NOT_FOUND' })
    }
    expect(JSON.parse((await get('/assets/')).text), 'a folder is not listed').toHaveProperty('code')
    expect(await get('/api/thing')).toMatchObject({ status: 200 })
    expect((await fetch(`${base}/sites`, { method: 'POST' })).status).toBe(404)
  })

  it('built again while the server runs, the new ones are shown, and open browsers still find the old parts', async () => {
    await build('2')
    expect((await get('/')).text).toContain('main-2.js')
    expect(await get('/assets/main-2.js')).toMatchObject({ status: 200, text: 'run(2)' })
    const old = await get('/assets/main-1.js')
    expect(old).toMatchObject({ status: 200, text: 'run(1)' })
    expect(old.headers.get('cache-control')).toContain('immutable')
    expect(old.headers.get('content-type')).toContain('javascript')
  })

  it('while they are being built, the last ones are shown', async () => {
    await rm(join(folder, 'index.html'))
    await rm(join(folder, 'assets'), { recursive: true })
    expect((await get('/sites')).text).toContain('main-1.js')
    expect(await get('/assets/main-1.js')).toMatchObject({ status: 200 })
  })

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e%5c%2e%2e%5csecret.txt',
    '/.env',
    '/%00secret.txt',
    '//secret.txt',
    '/%',
  ])('nothing outside the folder, and no hidden file: %s', async (path) => {
    const answer = await raw(path)
    expect(answer).toMatch(/^HTTP\/1\.1 (4\d\d|200 OK[\s\S]*main-1\.js)/)
    expect(answer).not.toContain('secret\r\n')
    expect(answer.endsWith('secret')).toBe(false)
  })
})
