import type { z } from 'zod'

/** Who may call an endpoint. `public` needs nothing; `read` a reader's session; `admin` an administrator's token. */
export type Permission = 'public' | 'read' | 'admin'

/** One HTTP endpoint as data: server routes, typed client and OpenAPI derive from it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  /** With `:name` parameters. */
  readonly path: string
  readonly permission: Permission
  /** One line for the OpenAPI document. */
  readonly summary: string
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly response: z.ZodType
}

/** Keeps the exact types of a table of endpoints while checking its shape. */
export function endpoints<const T extends Record<string, Endpoint>>(table: T): T {
  return table
}
