import type { EndpointName, Endpoints } from '@oiltrail/contract'

/** Names of the endpoints that a page may read. */
export type ReadName = { [N in EndpointName]: Endpoints[N]['method'] extends 'GET' ? N : never }[EndpointName]

/**
 * Addresses of the endpoints the screens read. They are typed by the contract's own table, so a wrong or changed address does not
 * compile; the table itself stays out of the bundle, because it would bring every schema with it.
 */
export const READ_PATHS: { readonly [N in ReadName]: Endpoints[N]['path'] } = {
  progress: '/api/progress',
  county: '/api/county',
  overview: '/api/overview',
  sites: '/api/sites',
  site: '/api/sites/:site',
  siteSales: '/api/sites/:site/sales',
  siteLevels: '/api/sites/:site/levels',
  statistics: '/api/statistics',
  channels: '/api/channels',
  gaps: '/api/gaps',
  entries: '/api/log/entries',
  entry: '/api/log/entries/:position',
  find: '/api/log/find',
  refusals: '/api/log/refusals',
  alarms: '/api/alarms',
  alarmPlaces: '/api/alarms/places',
  alarmLoad: '/api/alarms/load',
  alarm: '/api/alarms/:alarm',
  alarmSeries: '/api/alarms/:alarm/series',
  rules: '/api/rules',
  ruleHistory: '/api/rules/:rule/history',
  notices: '/api/notices',
  windows: '/api/windows',
  witnesses: '/api/sites/:site/witnesses',
  charts: '/api/sites/:site/charts',
  shares: '/api/share/targets',
}

/** Addresses of what an administrator may do from a screen. */
export const ACT_PATHS = {
  handleAlarm: '/api/alarms/:alarm/handle',
  trySettings: '/api/rules/:rule/trial',
  changeSettings: '/api/rules/:rule/settings',
  registerNotice: '/api/notices',
  declareWindow: '/api/windows',
  withdrawNotice: '/api/notices/:notice/withdraw',
  withdrawWindow: '/api/windows/:window/withdraw',
  decideChart: '/api/sites/:site/charts',
} as const satisfies { readonly [N in EndpointName]?: Endpoints[N]['path'] }
export type ActName = keyof typeof ACT_PATHS

type Schema = { readonly _zod: { readonly input: unknown; readonly output: unknown } }
type InputOf<S> = S extends Schema ? S['_zod']['input'] : object
/** Parameters travel as text, so numbers may be given where the schema takes decimal text. */
type Loose<T> = {
  [K in keyof T]: string extends T[K] ? T[K] | number : T[K]
}

export type Params<N extends EndpointName> = Endpoints[N] extends { params: infer P }
  ? Loose<InputOf<P>>
  : object
export type Query<N extends ReadName> = Endpoints[N] extends { query: infer Q } ? Loose<InputOf<Q>> : object
export type Answer<N extends EndpointName> = Endpoints[N]['response']['_zod']['output']

/** What an administrator's call carries. */
export type Body<N extends ActName> = Endpoints[N] extends { body: infer B } ? InputOf<B> : never

/** A path with its parameters filled in. */
export function pathOf(pattern: string, params: object): string {
  return pattern.replace(/:([a-z]+)/g, (_, key: string) =>
    encodeURIComponent(String((params as Record<string, unknown>)[key])),
  )
}

/** The address of a call: parameters filled in, query in the order given, undefined values left out. */
export function addressOf<N extends ReadName>(name: N, params: Params<N>, query: Query<N>): string {
  const path = pathOf(READ_PATHS[name], params)
  const search = searchOf(query)
  return search ? `${path}?${search}` : path
}

/** Query text of an object; undefined values are left out. */
export function searchOf(query: object): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(key, String(value))
  return search.toString()
}
