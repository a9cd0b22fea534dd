import { CATALOGUE } from '@oiltrail/kernel'
import { BATCH_LIMITS, type Receipt } from '@oiltrail/protocols/uplink'
import type { FastifyInstance } from 'fastify'
import type { Intake } from '../intake/intake.ts'

/** Twice a batch: what is a little too large gets its refusal and goes on record, what is far too large only a 413. */
const BODY_LIMIT = BATCH_LIMITS.bytes * 2
const RETRY_AFTER_SECONDS = 5

/** The HTTPS mouth of the uplink: `POST /uplink`, the batch as body, the receipt as answer (docs/formats/uplink.md §5). */
export async function registerUplink(app: FastifyInstance, intake: Intake): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      ['application/octet-stream', 'text/plain'],
      { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
      (_request, body, done) => done(null, body),
    )
    scope.post('/uplink', { bodyLimit: BODY_LIMIT }, async (request, reply) => {
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
      const receipt = await intake.submit(body, request.ip)
      if (receipt.outcome === 'retry') reply.header('retry-after', RETRY_AFTER_SECONDS)
      return reply.code(statusOf(receipt)).send(receipt)
    })
  })
}

function statusOf(receipt: Receipt): number {
  if (receipt.outcome === 'stored') return 200
  if (receipt.outcome === 'retry') return 503
  return receipt.code ? CATALOGUE[receipt.code].status : 400
}
