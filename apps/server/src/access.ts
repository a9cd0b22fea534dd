import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@oiltrail/evidence/node'
import { ProblemError, utf8Bytes } from '@oiltrail/kernel'
import type { FastifyInstance } from 'fastify'
import type { Access, AccessRequest } from './context.ts'

/** Name of the cookie that a browser gets for `?token=`. */
const COOKIE = 'oiltrail_token'
const COOKIE_SECONDS = 30 * 86_400
const LONGEST_TOKEN = 128

/** Reads a token from its file, or makes the file, readable for the owner alone. */
async function readyToken(directory: string, name: string): Promise<string> {
  const path = join(directory, name)
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (known !== undefined && known.trim() !== '') return known.trim()
  await mkdir(directory, { recursive: true })
  const token = randomBytes(32).toString('base64url')
  await writeFile(path, `${token}\n`, { mode: 0o600, flush: true })
  return token
}

/** Reads the administrator's token that the platform of this data folder made. CONFIG_INVALID when there is none. */
export async function readAdminToken(directory: string): Promise<string> {
  const path = join(directory, 'admin-token')
  const token = await readFile(path, 'utf8').catch(() => undefined)
  if (token === undefined)
    throw new ProblemError({
      code: 'CONFIG_INVALID',
      detail: `${path} cannot be read / 无法读取 ${path}`,
      where: '--data',
    })
  return token.trim()
}

/**
 * Access by two tokens in the data folder: `admin-token` administers and reads, `reader-token` reads. A server that only
 * this machine can reach lets everybody read who asks for it by the machine's own name: a page of a stranger whose name was
 * made to lead here (DNS rebinding) asks by that name, and a proxy in front by its own.
 */
export async function openAccess(directory: string, loopbackOnly: boolean): Promise<Access> {
  const admin = sha256(utf8Bytes(await readyToken(directory, 'admin-token')))
  const reader = sha256(utf8Bytes(await readyToken(directory, 'reader-token')))
  const matches = (token: string | undefined, hash: Uint8Array): boolean =>
    token !== undefined && token.length <= LONGEST_TOKEN && timingSafeEqual(sha256(utf8Bytes(token)), hash)
  return {
    mayRead(request) {
      if (loopbackOnly && isThisMachine(request.headers.host)) return true
      const tokens = [bearerToken(request), cookieToken(request)]
      return tokens.some((token) => matches(token, reader) || matches(token, admin))
    },
    // No cookie here: another site's page must not be able to make a browser administer.
    mayAdminister: (request) => matches(bearerToken(request), admin),
  }
}

function isThisMachine(host: string | readonly string[] | undefined): boolean {
  return typeof host === 'string' && /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?$/i.test(host)
}

function bearerToken(request: AccessRequest): string | undefined {
  const header = request.headers.authorization
  return typeof header === 'string' ? /^Bearer ([A-Za-z0-9_-]+)$/.exec(header)?.[1] : undefined
}

function cookieToken(request: AccessRequest): string | undefined {
  const header = request.headers.cookie
  if (typeof header !== 'string' || header.length > 8_192) return undefined
  return new RegExp(`(?:^|; *)${COOKIE}=([A-Za-z0-9_-]+)(?:;|$)`).exec(header)?.[1]
}

/** `?token=…` on a page: keeps the token in a cookie and goes on without it, so that it does not stay in the address. */
export function registerTokenCookie(app: FastifyInstance, access: Access, secure: boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' || !request.url.includes('token=')) return undefined
    // `//` and the like are no address of ours; whoever serves them says so.
    if (!URL.canParse(request.url, 'http://localhost')) return undefined
    const url = new URL(request.url, 'http://localhost')
    const token = url.searchParams.get('token')
    if (token === null || !/^[A-Za-z0-9_-]+$/.test(token)) return undefined
    if (!access.mayRead({ headers: { authorization: `Bearer ${token}` } })) return undefined
    url.searchParams.delete('token')
    const cookie = `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${COOKIE_SECONDS}`
    return reply
      .header('set-cookie', secure ? `${cookie}; Secure` : cookie)
      .redirect(`/${url.pathname.replace(/^\/+/, '')}${url.search}`, 303)
  })
}
