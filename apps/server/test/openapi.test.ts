import { CATALOGUE } from '@oiltrail/kernel'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { pino } from 'pino'
import { beforeAll, describe, expect, it } from 'vitest'
import { openApi } from '../src/api/openapi.ts'
import { registerApi } from '../src/api/register.ts'
import { registerUplink } from '../src/gateway/uplink.ts'
import { makeHttp, registerHealth } from '../src/http.ts'
import { registerLogRoutes } from '../src/seal/routes.ts'

/** The document that integrators generate their programs from, against the server and against the rules of OpenAPI 3.1. */

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: object }[]
  readonly requestBody?: { content: Record<string, { schema?: object }> }
  readonly responses: Record<string, { $ref?: string; content?: Record<string, { schema?: object }> }>
  readonly security: readonly Record<string, string[]>[]
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    securitySchemes: object
    responses: {
      Problem: {
        content: Record<string, { schema: { properties: { code: { oneOf: { const: string }[] } } } }>
      }
    }
  }
}

const document = openApi() as unknown as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** Every route that the server registers, as OpenAPI writes it; nothing is served, so nothing behind a route is needed. */
const routes: string[] = []
beforeAll(async () => {
  const nothing = {} as never
  const app = await makeHttp(pino({ level: 'silent' }), undefined)
  app.addHook('onRoute', ({ method, url }) => {
    const path = url
      .replace('/log/520327/', '/log/{county}/')
      .replace('*', '{path}')
      .replace(/:([a-z]+)/gi, '{$1}')
    for (const each of [method].flat()) if (each !== 'HEAD') routes.push(`${each.toLowerCase()} ${path}`)
  })
  const parts = { county: { number: 520327, code: '520327' } }
  registerHealth(app, nothing)
  await registerUplink(app, nothing)
  await registerLogRoutes(app, parts as never)
  registerApi(app, nothing, nothing)
})

describe('the OpenAPI document', () => {
  it('Z4: holds every route of the server, and no other', () => {
    expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(routes.toSorted())
    expect(routes.length).toBeGreaterThan(40)
  })

  it('Z4: names each operation once, with its words, its parameters and who may call it', () => {
    const names = operations.map(({ operation }) => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
      expect(
        declared.map(({ name }) => name),
        path,
      ).toEqual(inPath)
      expect(
        declared.every(({ required }) => required),
        path,
      ).toBe(true)
      expect(operation.summary.length, path).toBeGreaterThan(5)
      expect(operation.responses.default, path).toEqual({ $ref: '#/components/responses/Problem' })
      for (const scheme of operation.security.flatMap((one) => Object.keys(one)))
        expect(Object.keys(document.components.securitySchemes), path).toContain(scheme)
    }
  })

  it('Z4: holds schemas that a validator of JSON Schema 2020-12 accepts', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const schemas = operations.flatMap(({ operation }) => [
      ...operation.parameters.map(({ schema }) => schema),
      ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
      ...Object.values(operation.responses).flatMap(({ content }) =>
        Object.values(content ?? {}).map(({ schema }) => schema),
      ),
    ])
    const given = schemas.filter((schema) => schema !== undefined)
    expect(given.length).toBeGreaterThan(100)
    for (const schema of given)
      expect(() => ajv.compile(schema), JSON.stringify(schema).slice(0, 200)).not.toThrow()
  })

  it('Z4: names every code of the catalogue as what a refusal may say', () => {
    const { schema } = document.components.responses.Problem.content['application/json']!
    expect(schema.properties.code.oneOf.map((each) => each.const)).toEqual(Object.keys(CATALOGUE))
  })
})
