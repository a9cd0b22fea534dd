import { QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { CallError, read } from './client.ts'
import { noteServerTime } from './clock.ts'
import type { Answer, Params, Query, ReadName } from './endpoints.ts'

/** What the stream does not carry is read again after this. */
const REFRESH_MS = 60_000

/** The one cache of answers; stream events change it in place. */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => error instanceof CallError && error.code === 'UNREACHABLE' && count < 3,
    },
  },
})

/** Cache key of a call. */
export function keyOf<N extends ReadName>(name: N, params: Params<N>, query: Query<N>): readonly unknown[] {
  return [name, params, query]
}

/**
 * Whether an answer may stand in while another is on its way: another span or filter of the same subject, so that a page does not
 * flicker. Never another site, alarm or entry: for a moment it would be said of the wrong one.
 */
export function mayStandIn(before: readonly unknown[] | undefined, params: object, query: object): boolean {
  if (before === undefined) return false
  const site = (of: unknown): unknown => (of as { site?: unknown }).site
  return JSON.stringify(before[1]) === JSON.stringify(params) && site(before[2]) === site(query)
}

interface ReadOptions {
  /** Milliseconds between refreshes; false for what never changes. */
  readonly refreshMs?: number | false
  readonly enabled?: boolean
}

/** Reads an endpoint into a page and keeps it fresh. */
export function useRead<N extends ReadName>(
  name: N,
  params: Params<N>,
  query: Query<N>,
  options: ReadOptions = {},
): UseQueryResult<Answer<N>, CallError> {
  return useQuery<Answer<N>, CallError>({
    queryKey: keyOf(name, params, query),
    queryFn: ({ signal }) => read(name, params, query, signal),
    refetchInterval: options.refreshMs ?? REFRESH_MS,
    placeholderData: (answer, before) => (mayStandIn(before?.queryKey, params, query) ? answer : undefined),
    enabled: options.enabled ?? true,
  })
}

/** The cockpit's answer; every page has it, because it carries the platform's clock and progress. */
export function useOverview(): UseQueryResult<Answer<'overview'>, CallError> {
  return useQuery<Answer<'overview'>, CallError>({
    queryKey: keyOf('overview', {}, {}),
    queryFn: async ({ signal }) => {
      const overview = await read('overview', {}, {}, signal)
      noteServerTime(overview.asOf)
      return overview
    },
    refetchInterval: 30_000,
  })
}
