import { ENDPOINTS, type Endpoint, STREAM_EVENTS } from '@oiltrail/contract'
import { z } from 'zod'
import { EXPORTS } from '../exports/routes.ts'
import { codeSchema, DOORS, doorOperation } from './doors.ts'

type Json = Record<string, unknown>

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  return json
}

/** Parameters of a path or query, one by one, as OpenAPI wants them. */
function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return []
  const json = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (json.required ?? []).includes(name),
    schema: property,
  }))
}

const PROBLEM = { $ref: '#/components/responses/Problem' }

function operation(name: string, endpoint: Endpoint): Json {
  return {
    operationId: name,
    summary: endpoint.summary,
    security: endpoint.permission === 'public' ? [] : [{ [endpoint.permission]: [] }],
    parameters: [...parameters(endpoint.params, 'path'), ...parameters(endpoint.query, 'query')],
    ...(endpoint.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(endpoint.body, 'input') } },
          },
        }
      : {}),
    responses: {
      '200': {
        description: endpoint.summary,
        content: { 'application/json': { schema: schemaOf(endpoint.response, 'output') } },
      },
      default: PROBLEM,
    },
  }
}

function streamOperation(): Json {
  const schemas = Object.entries(STREAM_EVENTS).map(([event, schema]) => ({
    ...schemaOf(schema, 'output'),
    title: event,
  }))
  return {
    operationId: 'events',
    summary:
      'Server-sent events; each data field is JSON of the shape that its event field names. So many at once, and of one address: else 429',
    security: [{ read: [] }],
    parameters: [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } }],
    responses: {
      '200': { description: 'The stream', content: { 'text/event-stream': { schema: { oneOf: schemas } } } },
      '429': PROBLEM,
      default: PROBLEM,
    },
  }
}

function exportOperation(format: (typeof EXPORTS)[number]): Json {
  return {
    operationId: format.name,
    summary: format.summary,
    security: [{ read: [] }],
    parameters: parameters(format.query, 'query'),
    responses: {
      '200': { description: format.summary, content: { [format.mediaType]: {} } },
      default: PROBLEM,
    },
  }
}

/** The OpenAPI 3.1 document of the interface, made from the contract. */
export function openApi(): Json {
  const paths: Record<string, Json> = {}
  const add = (path: string, method: string, operationOf: Json): void => {
    const key = path.replace(/:([a-z]+)/gi, '{$1}')
    paths[key] = { ...paths[key], [method.toLowerCase()]: operationOf }
  }
  for (const [name, endpoint] of Object.entries(ENDPOINTS))
    add(endpoint.path, endpoint.method, operation(name, endpoint))
  for (const format of EXPORTS) add(format.path, 'GET', exportOperation(format))
  add('/api/events', 'GET', streamOperation())
  for (const door of DOORS) add(door.path, door.method, doorOperation(door, PROBLEM))
  const words = { type: 'object', properties: { zh: { type: 'string' }, en: { type: 'string' } } }
  return {
    openapi: '3.1.0',
    info: { title: '油踪 OilTrail', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: {
        read: { type: 'http', scheme: 'bearer', description: 'Open on a loopback-only server' },
        admin: { type: 'http', scheme: 'bearer' },
      },
      responses: {
        Problem: {
          description:
            'A refusal: a code of the catalogue, and what happened and what to do in both languages',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['code', 'detail', 'happened', 'remedy'],
                properties: {
                  code: codeSchema(),
                  detail: { type: 'string' },
                  where: { type: 'string' },
                  happened: words,
                  remedy: words,
                },
              },
            },
          },
        },
      },
    },
  }
}
