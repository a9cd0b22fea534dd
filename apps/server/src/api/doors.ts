import { CATALOGUE } from '@oiltrail/kernel'

type Json = Record<string, unknown>

/** A route beside the JSON interface: what collectors, auditors and whoever watches the machine call. */
interface Door {
  readonly name: string
  readonly method: 'get' | 'post'
  readonly path: string
  readonly summary: string
  readonly mediaType: string
  /** Who may: everybody, or readers. */
  readonly security: Json[]
  readonly parameters?: Json[]
  readonly requestBody?: Json
  /** Answers other than 200 that are no refusals of the catalogue, by status. */
  readonly others?: Readonly<Record<string, string>>
}

const EVERYBODY: Json[] = []
const READERS: Json[] = [{ read: [] }]
const COUNTY: Json = {
  name: 'county',
  in: 'path',
  required: true,
  description: 'The six digits of the county',
  schema: { type: 'string', pattern: '^[0-9]{6}$' },
}
const TILE: Json = {
  name: 'path',
  in: 'path',
  required: true,
  description: 'C2SP tlog-tiles: L/N[.p/W], or entries/N[.p/W]; N may hold slashes',
  schema: { type: 'string' },
}
const BATCH: Json = {
  required: true,
  description: 'The bytes of a batch as signed; docs/formats/uplink.md',
  content: { 'application/octet-stream': {}, 'text/plain': {} },
}

/** Every route that is not of the contract; a test compares them with the server's own list. */
export const DOORS: readonly Door[] = [
  {
    name: 'uplink',
    method: 'post',
    path: '/uplink',
    summary: 'Hand in a signed batch; the answer is its receipt, also when it is refused',
    mediaType: 'application/json',
    security: EVERYBODY,
    requestBody: BATCH,
    others: { 503: 'Nothing was stored; come again after the seconds of Retry-After' },
  },
  {
    name: 'checkpoint',
    method: 'get',
    path: '/log/{county}/checkpoint',
    summary: 'The newest signed head of the log; docs/formats/checkpoint.md',
    mediaType: 'text/plain',
    security: EVERYBODY,
    parameters: [COUNTY],
  },
  {
    name: 'vkey',
    method: 'get',
    path: '/log/{county}/vkey',
    summary: 'The verifier key of the checkpoints, Ed25519',
    mediaType: 'text/plain',
    security: EVERYBODY,
    parameters: [COUNTY],
  },
  {
    name: 'vkeySm2',
    method: 'get',
    path: '/log/{county}/vkey-sm2',
    summary: 'The verifier key of the checkpoints, SM2',
    mediaType: 'text/plain',
    security: EVERYBODY,
    parameters: [COUNTY],
  },
  {
    name: 'tile',
    method: 'get',
    path: '/log/{county}/tile/{path}',
    summary: 'A tile of the tree or a bundle of entries; docs/formats/log.md',
    mediaType: 'application/octet-stream',
    security: EVERYBODY,
    parameters: [COUNTY, TILE],
  },
  {
    name: 'health',
    method: 'get',
    path: '/healthz',
    summary: 'Whether the process answers',
    mediaType: 'application/json',
    security: EVERYBODY,
  },
  {
    name: 'readiness',
    method: 'get',
    path: '/readyz',
    summary: 'Whether batches are taken and every follower works, and what a person should know',
    mediaType: 'application/json',
    security: EVERYBODY,
    others: { 503: 'Not ready; the body says why' },
  },
  {
    name: 'metrics',
    method: 'get',
    path: '/metrics',
    summary: 'Figures for Prometheus',
    mediaType: 'text/plain',
    security: READERS,
  },
  {
    name: 'openApi',
    method: 'get',
    path: '/api/openapi.json',
    summary: 'This document',
    mediaType: 'application/json',
    security: EVERYBODY,
  },
]

/** The operation of a door; `problem` is what any refusal looks like. */
export function doorOperation(door: Door, problem: Json): Json {
  const others = Object.entries(door.others ?? {}).map(([status, description]) => [status, { description }])
  return {
    operationId: door.name,
    summary: door.summary,
    security: door.security,
    parameters: door.parameters ?? [],
    ...(door.requestBody && { requestBody: door.requestBody }),
    responses: {
      '200': { description: door.summary, content: { [door.mediaType]: {} } },
      ...Object.fromEntries(others),
      default: problem,
    },
  }
}

/** The code of any refusal: all of them, once, with their words. */
export function codeSchema(): Json {
  const oneOf = Object.entries(CATALOGUE).map(([code, { zh, en }]) => ({
    const: code,
    description: `${en} / ${zh}`,
  }))
  return { type: 'string', oneOf }
}
