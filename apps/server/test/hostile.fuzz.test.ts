import { ENDPOINTS, type Endpoint } from '@oiltrail/contract'
import { FENGGANG } from '@oiltrail/domain'
import { DAY_MS } from '@oiltrail/kernel'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type ApiStand, openApiStand } from './api.stand.ts'
import { siteOf } from './views.history.ts'

/** Every endpoint of the contract asked with values that fit, nearly fit and do not fit, in every mixture. */

let api: ApiStand
beforeAll(async () => {
  api = await openApiStand()
})
afterAll(() => api.close())

type Schema = z.core.JSONSchema._JSONSchema

/** Values at the bounds of what people and programs send. */
const JUNK: readonly unknown[] = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '\ufffe',
  "'; drop table sale; --",
  '../../etc/passwd',
  '<script>',
  '__proto__',
  '站'.repeat(600),
  null,
  true,
  [],
  {},
  -1,
  0,
  0.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  8_640_000_000_000_001,
]

/** Good values by the name of a field: what a whole question needs to get past its validation. */
const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  site: ['S001', 'S999', siteOf('S001')],
  device: ['520327-S001-A', '520327-S001-Z'],
  channel: ['volume', 'price'],
  tank: ['1', '9'],
  town: [FENGGANG.towns[0]!.code],
  enterprise: ['915203270000000012'],
  rule: ['collector-silent', 'stock-balance', 'nothing'],
  notice: ['N-1'],
  window: ['W-1'],
  part: ['', 'tank/1', 'device/520327-S001-A'],
  values: [{}, { silentMinutes: 20 }],
  publicKey: ['AAAA'],
  proof: ['AAAA'],
  code: ['ABCD-EFGH-JKLM'],
  reason: ['x'],
  supplier: ['模拟油库'],
}
const numbers = (now: number): readonly number[] => [
  0,
  1,
  2,
  24,
  100,
  500,
  now - 2 * DAY_MS,
  now,
  now + DAY_MS,
  253_402_300_800_000,
]

function valueFor(name: string, schema: Schema | undefined, depth: number): fc.Arbitrary<unknown> {
  const good = [...(GOOD[name] ?? [])]
  if (typeof schema === 'object') {
    if (schema.enum) good.push(...schema.enum)
    if (schema.const !== undefined) good.push(schema.const)
  }
  const options: { weight: number; arbitrary: fc.Arbitrary<unknown> }[] = [
    { weight: 1, arbitrary: fc.constantFrom(...JUNK) },
  ]
  if (good.length > 0) options.push({ weight: 12, arbitrary: fc.constantFrom(...good) })
  else options.push({ weight: 12, arbitrary: fc.constantFrom<unknown>(...numbers(api.now), 'x', '1') })
  if (typeof schema === 'object' && depth > 0) {
    if (schema.properties) options.push({ weight: 40, arbitrary: objectOf(schema, depth - 1) })
    const { items } = schema
    if (typeof items === 'object' && !Array.isArray(items))
      options.push({
        weight: 40,
        arbitrary: fc.array(valueFor('', items as Schema, depth - 1), { maxLength: 3 }),
      })
  }
  return fc.oneof(...options)
}

/** An object of a schema's fields, each of which may be left out, and now and then one too many. */
function objectOf(schema: Schema, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      fc.option(valueFor(name, property, depth), { nil: undefined, freq: required.includes(name) ? 30 : 2 }),
    ]),
  )
  return fc.record(fields)
}

const schemaOf = (schema: z.ZodType | undefined): Schema =>
  schema
    ? z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    : { type: 'object', properties: {} }

function pathOf(endpoint: Endpoint, params: Record<string, unknown>, query: Record<string, unknown>): string {
  const text = (value: unknown): string =>
    typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean | undefined)
  const sure = (value: unknown): string => encodeURIComponent(Buffer.from(text(value)).toString())
  const path = endpoint.path.replaceAll(/:([a-z]+)/gi, (_, name: string) => sure(params[name] ?? 'x') || 'x')
  const asked = Object.entries(query).filter(([, value]) => value !== undefined)
  return asked.length === 0
    ? path
    : `${path}?${asked.map(([name, value]) => `${name}=${sure(value)}`).join('&')}`
}

const asks = ({ params, query, body }: Endpoint): boolean => Boolean(params ?? query ?? body)

test.each(Object.entries(ENDPOINTS))(
  '%s answers or refuses, whatever it is asked, and never breaks',
  async (_name, endpoint: Endpoint) => {
    await fc.assert(
      fc.asyncProperty(
        objectOf(schemaOf(endpoint.params), 0),
        objectOf(schemaOf(endpoint.query), 0),
        valueFor('', schemaOf(endpoint.body), 4),
        async (params, query, body) => {
          const response = await fetch(`${api.stand.server.url}${pathOf(endpoint, params, query)}`, {
            method: endpoint.method,
            headers: {
              authorization: `Bearer ${api.admin}`,
              ...(endpoint.body ? { 'content-type': 'application/json' } : {}),
            },
            ...(endpoint.body ? { body: JSON.stringify(body) } : {}),
          })
          const answer: unknown = await response.json()
          if (response.status === 200) endpoint.response.parse(answer)
          else expect([response.status < 500, answer]).toMatchObject([true, { code: expect.any(String) }])
        },
      ),
      { numRuns: asks(endpoint) ? 40 : 1 },
    )
    await api.viewsFollow()
    expect((await fetch(`${api.stand.server.url}/readyz`)).status).toBe(200)
  },
)
