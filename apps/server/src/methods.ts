import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemBody } from './http.ts'

/** What a server as a whole understands, for `OPTIONS *`. */
const EVERYWHERE = 'GET, HEAD, OPTIONS, POST'

/** The folder of the pages looks for a file at every address that has no route of its own; that makes none of them known. */
const PAGES = '/*'

/** A route's address, piece by piece, and what may be asked of it. */
interface Place {
  readonly pieces: readonly string[]
  readonly methods: Set<string>
}

/**
 * Answers what is asked of an address in a way that it does not know: OPTIONS with what it does know, anything else with 405 and
 * the same list (RFC 9110 §15.5.6). Before a body is read, and before it matters who asks: the list stands in the OpenAPI document.
 * Addresses that nothing is registered for are left to whoever answers 404. Must be called before routes are registered.
 */
export function registerMethods(app: FastifyInstance): void {
  const places = new Map<string, Place>()
  app.addHook('onRoute', ({ url, method }) => {
    if (url === PAGES) return
    const place = places.get(url) ?? { pieces: url.split('/'), methods: new Set(['OPTIONS']) }
    for (const each of [method].flat()) place.methods.add(each)
    places.set(url, place)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404 && request.routeOptions.url !== PAGES) return undefined
    if (request.url === '*' && request.method === 'OPTIONS')
      return reply.code(204).header('allow', EVERYWHERE).send()
    const known = methodsOf(places.values(), request)
    if (known.length === 0) return undefined
    return answerUnknown(request, reply, known.join(', '))
  })
}

function answerUnknown(request: FastifyRequest, reply: FastifyReply, allow: string): FastifyReply {
  reply.header('allow', allow)
  if (request.method === 'OPTIONS') return reply.code(204).send()
  const detail = `${request.method} is not known here; ${allow} are`
  return reply.code(405).send(problemBody({ code: 'METHOD_NOT_ALLOWED', detail }))
}

function methodsOf(places: Iterable<Place>, { url, method }: FastifyRequest): string[] {
  const asked = url.split('?', 1)[0]!.split('/')
  const known = new Set<string>()
  for (const { pieces, methods } of places)
    if (isAt(pieces, asked)) for (const each of methods) known.add(each)
  // Asked in a way that it does know, it was something else that is not there, such as a missing file.
  return known.has(method) && method !== 'OPTIONS' ? [] : [...known].sort()
}

function isAt(pieces: readonly string[], asked: readonly string[]): boolean {
  if (pieces.at(-1) === '*') {
    const fixed = pieces.slice(0, -1)
    return asked.length > fixed.length && isAt(fixed, asked.slice(0, fixed.length))
  }
  return (
    pieces.length === asked.length &&
    pieces.every((piece, i) => (piece.startsWith(':') ? asked[i] !== '' : piece === asked[i]))
  )
}
