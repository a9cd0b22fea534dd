import helmet from '@fastify/helmet'
import { CATALOGUE, explainProblem, type Problem, ProblemError, utf8Text } from '@oiltrail/kernel'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Access } from './context.ts'
import type { TlsFiles } from './gateway/mqtt.ts'
import { registerMethods } from './methods.ts'

/** JSON bodies: the largest is the registration of a site. */
const BODY_LIMIT = 256 * 1024
const REQUEST_TIMEOUT_MS = 30_000

/** State of the server for `/readyz`: empty when all is well, else what is not. */
export type Readiness = () => readonly string[]

/** What the health routes are made from. */
export interface HealthParts {
  readonly readiness: Readiness
  /** What a person should look at although the server is ready. */
  readonly notices: Readiness
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

/**
 * Makes the HTTP server: security headers, error answers, methods. Routes are registered by their owners. `proxies` are the
 * addresses whose `X-Forwarded-For` is believed; without any, who asks is who connects.
 */
export async function makeHttp(
  log: Logger,
  tls: TlsFiles | undefined,
  proxies: readonly string[] = [],
): Promise<FastifyInstance> {
  const shared = {
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Event streams stay open for ever; closing the server must not wait for them.
    forceCloseConnections: true,
    logger: false,
    trustProxy: proxies.length > 0 ? [...proxies] : false,
    /** What fails before there is a route, such as an address with a lone `%`, is answered like everything else. */
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
      answerError(log, error, request, reply)
    },
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
  readJsonStrictly(app)
  registerMethods(app)
  app.setErrorHandler((error, request, reply) => answerError(log, error, request, reply))
  return app
}

/** JSON bodies must be UTF-8: a name in another encoding is refused, not stored as a row of question marks. */
function readJsonStrictly(app: FastifyInstance): void {
  // Refuses `__proto__` and `constructor.prototype` too.
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = utf8Text(body as Buffer)
    if (text === undefined)
      done(new ProblemError({ code: 'INVALID_REQUEST', detail: 'the body is not UTF-8' }))
    else void parse(request, text, done)
  })
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
  if (isStoreAway(error)) return { code: 'STORE_AWAY', detail: 'the database does not answer now' }
  // What went wrong inside stands in the server's own log; the world is told only that it did.
  return { code: 'INTERNAL', detail: 'see the log of the server' }
}

/** SQLSTATE classes of a database that is starting, stopping, restarting or full of connections (PostgreSQL appendix A). */
const AWAY_STATES = /^(08|57P0|53300)/
/** Codes of sockets to a database that is not there. */
const AWAY_SOCKETS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
])

/** Whether an error says that the database cannot be reached for now, rather than that something is wrong. */
function isStoreAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code !== undefined && AWAY_STATES.test(code)) return true
  if (code !== undefined && AWAY_SOCKETS.has(code))
    return syscall === 'connect' || syscall === 'write' || syscall === 'read'
  // What `pg` says, without a code, when a connection breaks under a question.
  return /^Connection terminated|^timeout exceeded when trying to connect/.test(error.message)
}

/** `/healthz` the process lives; `/readyz` it can take and show data; `/metrics` its figures, for Prometheus. */
export function registerHealth(app: FastifyInstance, parts: HealthParts): void {
  const { readiness, notices, metrics, access } = parts
  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async (_request, reply) => {
    const problems = readiness()
    return reply
      .code(problems.length === 0 ? 200 : 503)
      .send({ ok: problems.length === 0, problems, notices: notices() })
  })
  app.get('/metrics', async (request, reply) => {
    if (!access.mayRead(request))
      throw new ProblemError({ code: 'BAD_CREDENTIAL', detail: 'a reader token is needed' })
    return reply.header('content-type', metrics.contentType).send(await metrics.metrics())
  })
}
