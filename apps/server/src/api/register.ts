import { ENDPOINTS, type Endpoint, type EndpointName } from '@oiltrail/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { ServerContext } from '../context.ts'
import { registerExports } from '../exports/routes.ts'
import { alarmHandlers } from './alarms.ts'
import { chartHandlers } from './charts.ts'
import { deskHandlers } from './desk.ts'
import { type ApiParts, fail, type Handlers, type Input } from './handler.ts'
import type { Live } from './live.ts'
import { logHandlers } from './log.ts'
import { openApi } from './openapi.ts'
import { overviewHandlers } from './overview.ts'
import { authorize, validated } from './request.ts'
import { ruleHandlers } from './rules.ts'
import { shareHandlers } from './shares.ts'
import { siteHandlers } from './sites.ts'
import { sourceOf } from './source.ts'
import { statisticsHandlers } from './statistics.ts'
import { Turns } from './turns.ts'
import { withdrawalHandlers } from './withdrawals.ts'
import { witnessHandlers } from './witnesses.ts'

/** Every endpoint of the contract with its handler; the compiler names what is missing. */
export const HANDLERS: Handlers = {
  ...overviewHandlers,
  ...siteHandlers,
  ...statisticsHandlers,
  ...logHandlers,
  ...deskHandlers,
  ...alarmHandlers,
  ...ruleHandlers,
  ...withdrawalHandlers,
  ...witnessHandlers,
  ...chartHandlers,
  ...shareHandlers,
}

/** Registers the whole JSON interface, the event stream, the exports and the OpenAPI document. */
export function registerApi(app: FastifyInstance, context: ServerContext, live: Live): void {
  const parts: ApiParts = { context, live, alarmTurns: new Turns(), withdrawalTurns: new Turns() }
  for (const name of Object.keys(ENDPOINTS) as EndpointName[]) registerEndpoint(app, parts, name)
  registerExports(app, parts)
  registerEvents(app, parts)
  const document = openApi()
  app.get('/api/openapi.json', async () => document)
  app.addHook('preClose', async () => live.close())
}

function registerEndpoint(app: FastifyInstance, parts: ApiParts, name: EndpointName): void {
  const endpoint: Endpoint = ENDPOINTS[name]
  const handler = HANDLERS[name] as (input: Input<Endpoint>, parts: ApiParts) => Promise<unknown>
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    // Before the body is read: who may not call it shall not make us parse either.
    onRequest: async (request) => authorize(parts.context.access, request, endpoint.permission),
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      reply.header('cache-control', 'no-store')
      const part = (schema: z.ZodType | undefined, value: unknown, where: string): unknown =>
        schema ? validated(schema, value, where) : undefined
      const input = {
        params: part(endpoint.params, request.params, 'path'),
        query: part(endpoint.query, request.query, 'query'),
        body: part(endpoint.body, request.body, 'body'),
      }
      return handler(input as Input<Endpoint>, parts)
    },
  })
}

/** Server-sent events; docs in contract/stream.ts. */
function registerEvents(app: FastifyInstance, { context, live }: ApiParts): void {
  const type = 'text/event-stream; charset=utf-8'
  app.head('/api/events', async (request, reply) => {
    authorize(context.access, request, 'read')
    return reply.header('content-type', type).header('cache-control', 'no-cache, no-transform').send()
  })
  // Without the HEAD that goes with it: that would be held open like a stream, with nothing to read.
  app.get('/api/events', { exposeHeadRoute: false }, async (request, reply) => {
    authorize(context.access, request, 'read')
    const source = sourceOf(request.ip)
    const full = live.hub.fullFor(source)
    if (full !== undefined) fail('TOO_MANY_REQUESTS', full)
    const last = request.headers['last-event-id']
    const headers = reply.getHeaders() as Record<string, string>
    reply.hijack()
    reply.raw.writeHead(200, {
      ...headers,
      'content-type': type,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    live.hub.add(reply.raw, typeof last === 'string' ? last : undefined, source)
  })
}
