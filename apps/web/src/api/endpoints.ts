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
}

type Schema = { readonly _zod: { readonly input: unknown; readonly output: unknown } }
type InputOf<S> = S extends Schema ? S['_zod']['input'] : object
/** Parameters travel as text, so numbers may be given where the schema takes decimal text. */
type Loose<T> = {
  [K in keyof T]: string extends T[K] ? T[K] | number : T[K]
}

export type Params<N extends ReadName> = Endpoints[N] extends { params: infer P } ? Loose<InputOf<P>> : object
export type Query<N extends ReadName> = Endpoints[N] extends { query: infer Q } ? Loose<InputOf<Q>> : object
export type Answer<N extends ReadName> = Endpoints[N]['response']['_zod']['output']

/** The address of a call: parameters filled in, query in the order given, undefined values left out. */
export function addressOf<N extends ReadName>(name: N, params: Params<N>, query: Query<N>): string {
  const path = READ_PATHS[name].replace(/:([a-z]+)/g, (_, key: string) =>
    encodeURIComponent(String((params as Record<string, unknown>)[key])),
  )
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
