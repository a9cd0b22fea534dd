import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import helmet from '@fastify/helmet'
import serveStatic from '@fastify/static'
import { CATALOGUE, explainProblem, type Problem, ProblemError } from '@oiltrail/kernel'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Access } from './context.ts'
import type { TlsFiles } from './gateway/mqtt.ts'

/** JSON bodies: the largest is the registration of a site. */
const BODY_LIMIT = 256 * 1024
const REQUEST_TIMEOUT_MS = 30_000

/** State of the server for `/readyz`: empty when all is well, else what is not. */
export type Readiness = () => readonly string[]

/** What the health routes are made from. */
export interface HealthParts {
  readonly readiness: Readiness
  readonly metrics: Registry
  readonly access: Access
}

/** What every error answer looks like. */
export interface ProblemBody extends Problem {
  readonly happened: { readonly zh: string; readonly en: string }
  readonly remedy: { readonly zh: string; readonly en: string }
}

/** The body of an error answer. */
export function problemBody(problem: Problem): ProblemBody {
  const [zh, en] = [explainProblem(problem, 'zh'), explainProblem(problem, 'en')]
  return {
    ...problem,
    happened: { zh: zh.happened, en: en.happened },
    remedy: { zh: zh.remedy, en: en.remedy },
  }
}

/** Makes the HTTP server: security headers, error answers, health. Routes are registered by their owners. */
export async function makeHttp(log: Logger, tls: TlsFiles | undefined): Promise<FastifyInstance> {
  const shared = {
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Event streams stay open for ever; closing the server must not wait for them.
    forceCloseConnections: true,
    logger: false,
  } as const
  const app = (
    tls ? fastify({ ...shared, https: { ...tls, minVersion: 'TLSv1.2' } }) : fastify(shared)
  ) as FastifyInstance
  await app.register(helmet, {
    // Everything the pages need comes from this server; styles are written by the component library.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'worker-src': ["'self'", 'blob:'],
        'object-src': ["'none'"],
        'base-uri': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    strictTransportSecurity: tls !== undefined,
  })
  app.setErrorHandler((error, request, reply) => answerError(log, error, request, reply))
  return app
}

function answerError(
  log: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(error)
  if (problem.code === 'INTERNAL') log.error({ err: error, url: request.url }, 'a request failed')
  return reply.code(CATALOGUE[problem.code].status).send(problemBody(problem))
}

function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const status = (error as { statusCode?: number }).statusCode
  const message = error instanceof Error ? error.message : ''
  if (status === 413) return { code: 'OVERSIZED', detail: message }
  if (status === 429) return { code: 'TOO_MANY_REQUESTS', detail: message }
  if (status !== undefined && status >= 400 && status < 500)
    return { code: 'INVALID_REQUEST', detail: message }
  // What went wrong inside stands in the server's own log; the world is told only that it did.
  return { code: 'INTERNAL', detail: 'see the log of the server' }
}

/** `/healthz` the process lives; `/readyz` it can take and show data; `/metrics` its figures, for Prometheus. */
export function registerHealth(app: FastifyInstance, parts: HealthParts): void {
  const { readiness, metrics, access } = parts
  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async (_request, reply) => {
    const problems = readiness()
    return reply.code(problems.length === 0 ? 200 : 503).send({ ok: problems.length === 0, problems })
  })
  app.get('/metrics', async (request, reply) => {
    if (!access.mayRead(request))
      throw new ProblemError({ code: 'BAD_CREDENTIAL', detail: 'a reader token is needed' })
    return reply.header('content-type', metrics.contentType).send(await metrics.metrics())
  })
}

/** The folder of the built pages: beside the bundle, or in `dist` when run from source. */
function webFolder(): string | undefined {
  for (const candidate of ['./web/', '../../../dist/web/']) {
    const folder = fileURLToPath(new URL(candidate, import.meta.url))
    if (existsSync(`${folder}index.html`)) return folder
  }
  return undefined
}

/** Serves the pages; an address that is no file is a place inside the single-page application. */
export async function registerWeb(app: FastifyInstance): Promise<void> {
  const folder = webFolder()
  const page = folder === undefined ? undefined : readFileSync(`${folder}index.html`)
  if (folder !== undefined)
    await app.register(serveStatic, {
      root: folder,
      index: false,
      wildcard: false,
      // Built files carry a hash of their content in their names.
      setHeaders: (reply, path) => {
        if (path.includes('/assets/')) reply.header('cache-control', 'public, max-age=31536000, immutable')
      },
    })
  const servePage = (reply: FastifyReply): FastifyReply =>
    reply.header('content-type', 'text/html; charset=utf-8').header('cache-control', 'no-cache').send(page)
  if (page !== undefined) app.get('/', async (_request, reply) => servePage(reply))
  app.setNotFoundHandler(async (request, reply) => {
    if (page !== undefined && request.method === 'GET' && isPagePath(request.url)) return servePage(reply)
    const problem: Problem = { code: 'NOT_FOUND', detail: `nothing is at ${request.url.slice(0, 200)}` }
    return reply.code(404).send(problemBody(problem))
  })
}

function isPagePath(url: string): boolean {
  const path = url.split('?', 1)[0]!
  return !path.startsWith('/api/') && !/^\/log\/[0-9]{6}\//.test(path) && !/\.[a-z0-9]{2,5}$/.test(path)
}
