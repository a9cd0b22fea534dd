import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import serveStatic from '@fastify/static'
import type { Problem } from '@oiltrail/kernel'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { problemBody } from './http.ts'

/** Built files carry a hash of their content in their names: what once had a name has it for ever. */
const FOREVER = 'public, max-age=31536000, immutable'
const ASSETS = '/assets/'
/** Built pages have a few megabytes; what goes beyond is not kept in memory. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
}

/** The folder of the built pages: beside the bundle, or in `dist` when run from source. */
function webFolder(): string | undefined {
  for (const candidate of ['./web/', '../../../dist/web/']) {
    const folder = fileURLToPath(new URL(candidate, import.meta.url))
    if (existsSync(join(folder, 'index.html'))) return folder
  }
  return undefined
}

/**
 * Serves the pages from their folder as it is now, so that pages built again are shown without a restart. Browsers that opened
 * the old ones still find their parts: those that were there at the start are kept in memory. An address that is no file is a
 * place inside the single-page application.
 */
export async function registerWeb(app: FastifyInstance, folder = webFolder()): Promise<void> {
  const kept = folder === undefined ? new Map<string, Buffer>() : await readAssets(folder)
  const page = folder === undefined ? undefined : await openPage(folder)
  if (folder !== undefined)
    await app.register(serveStatic, {
      root: folder,
      index: false,
      dotfiles: 'ignore',
      setHeaders: (reply, path) => {
        if (path.includes(ASSETS)) reply.header('cache-control', FOREVER)
      },
    })
  const servePage = async (reply: FastifyReply, read: () => Promise<Buffer>): Promise<FastifyReply> =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(await read())
  if (page) app.get('/', async (_request, reply) => servePage(reply, page))
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const asset = reads ? kept.get(path) : undefined
    if (asset)
      return reply
        .header('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
        .header('cache-control', FOREVER)
        .send(asset)
    if (page && reads && isPagePath(path)) return servePage(reply, page)
    const problem: Problem = { code: 'NOT_FOUND', detail: `nothing is at ${request.url.slice(0, 200)}` }
    return reply.code(404).send(problemBody(problem))
  })
}

/** Reads the page as it is now; while it is being built again, as it last was. */
async function openPage(folder: string): Promise<() => Promise<Buffer>> {
  const path = join(folder, 'index.html')
  let last = await readFile(path)
  return async () => {
    const now = await readFile(path).catch(() => undefined)
    if (now && now.length > 0) last = now
    return last
  }
}

async function readAssets(folder: string): Promise<Map<string, Buffer>> {
  const kept = new Map<string, Buffer>()
  let bytes = 0
  for (const entry of await readdir(join(folder, ASSETS), { withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue
    const content = await readFile(join(folder, ASSETS, entry.name)).catch(() => undefined)
    bytes += content?.length ?? 0
    if (bytes > MOST_KEPT_BYTES) break
    if (content) kept.set(`${ASSETS}${entry.name}`, content)
  }
  return kept
}

function isPagePath(path: string): boolean {
  return !path.startsWith('/api/') && !/^\/log\/[0-9]{6}\//.test(path) && !/\.[a-z0-9]{2,5}$/.test(path)
}
