import type { Permission } from '@oiltrail/contract'
import type { z } from 'zod'
import type { Access, AccessRequest } from '../context.ts'
import { fail } from './handler.ts'

/** The one place that decides who may call what. Throws FORBIDDEN or BAD_CREDENTIAL. */
export function authorize(access: Access, request: AccessRequest, permission: Permission): void {
  if (permission === 'public') return
  const allowed = permission === 'admin' ? access.mayAdminister(request) : access.mayRead(request)
  if (allowed) return
  if (request.headers.authorization === undefined)
    fail('FORBIDDEN', `this needs the ${permission === 'admin' ? 'administrator' : 'reader'}'s token`)
  fail('BAD_CREDENTIAL', 'the token is not valid for this')
}

/** Validates one part of a request strictly. Throws INVALID_REQUEST that names the field. */
export function validated<T extends z.ZodType>(schema: T, value: unknown, part: string): z.output<T> {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const where = [part, ...issue.path].join('.')
  return fail('INVALID_REQUEST', issue.message.slice(0, 200), where.slice(0, 100))
}
