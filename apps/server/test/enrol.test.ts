import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Signer } from '@oiltrail/evidence'
import { generateKeyPair } from '@oiltrail/evidence/node'
import { toBase64 } from '@oiltrail/kernel'
import { type EnrolAnswer, type EnrolRequest, enrolProofBytes } from '@oiltrail/protocols/uplink'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningServer } from '../src/serve.ts'
import { connectMqtt, logRows, openStand, type Stand } from './stand.ts'

let stand: Stand
let devices = 0
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand.close())

type Keys = Readonly<Record<'volume' | 'price', Signer>>

const makeKeys = (): Keys => ({
  volume: generateKeyPair('SM2-SM3').signer,
  price: generateKeyPair('SM2-SM3').signer,
})

/** What a collector posts; its proofs are new signatures every time. */
function order(code: string, device: string, signers: Keys): EnrolRequest {
  const keys = (['price', 'volume'] as const).map((channel) => ({
    channel,
    algorithm: signers[channel].algorithm,
    publicKey: toBase64(signers[channel].publicKey),
    proof: toBase64(signers[channel].sign(enrolProofBytes(code, device, channel))),
  }))
  return { code, device, keys }
}

async function issue(device: string, validSeconds = 600): Promise<string> {
  const issued = await stand.server.context.desk.issueEnrolCode({ device, site: 'S001', validSeconds })
  if (!issued.ok) throw new Error(issued.problem.detail)
  return issued.value.code
}

async function ask(
  request: EnrolRequest,
  server: RunningServer = stand.server,
): Promise<Partial<EnrolAnswer> & { code?: string }> {
  const answer = await fetch(`${server.url}/api/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  return (await answer.json()) as Partial<EnrolAnswer> & { code?: string }
}

const newDevice = (): string => `520327-S001-L${devices++}`
const enrolments = async (device: string): Promise<number> =>
  (await logRows(stand)).filter((row) => row.device === device && row.code === 'device-enrolled').length

describe('an enrolment whose answer was lost', () => {
  it('is answered the same again to the same keys, and stands in the log once', async () => {
    const device = newDevice()
    const keys = makeKeys()
    const code = await issue(device)
    const first = await ask(order(code, device, keys))
    expect(first).toMatchObject({ county: '520327', device })
    const again = await ask(order(code.toLowerCase(), device, keys))
    expect(again).toEqual({ ...first, serverTime: again.serverTime })
    expect(await enrolments(device)).toBe(1)
    await (await connectMqtt(stand.server.mqttUrl!, 'lost', device, again.token!)).endAsync(true)
  })

  it('asked for many times at once, all get one token', async () => {
    const device = newDevice()
    const keys = makeKeys()
    const code = await issue(device)
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(order(code, device, keys))))
    expect(new Set(answers.map((answer) => answer.token)).size).toBe(1)
    expect(answers[0]!.token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await enrolments(device)).toBe(1)
  })

  it('survives a restart of the server, whose secret nobody else can read', async () => {
    const device = newDevice()
    const keys = makeKeys()
    const code = await issue(device)
    const first = await ask(order(code, device, keys))
    await stand.server.stop()
    const server = await stand.again()
    try {
      expect((await ask(order(code, device, keys), server)).token).toBe(first.token)
    } finally {
      await server.stop()
      Object.assign(stand, { server: await stand.again() })
    }
    expect((await stat(join(stand.data, 'keys', 'enrol-secret'))).mode & 0o777).toBe(0o600)
    const secret = (await readFile(join(stand.data, 'keys', 'enrol-secret'), 'utf8')).trim()
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  })
})

describe('a code that was used', () => {
  const REFUSED: [what: string, request: (code: string, device: string, keys: Keys) => EnrolRequest][] = [
    ['both keys are others', (code, device) => order(code, device, makeKeys())],
    ['one key is another', (code, device, keys) => order(code, device, { ...keys, price: makeKeys().price })],
    [
      'only one of the keys is offered',
      (code, device, keys) => {
        const request = order(code, device, keys)
        return { ...request, keys: request.keys.slice(0, 1) }
      },
    ],
    ['another device asks', (code, _device, keys) => order(code, newDevice(), keys)],
    [
      'the proofs are of another code',
      (code, device, keys) => ({ ...order('AAAA-BBBB-CCCC', device, keys), code }),
    ],
  ]
  it.each(REFUSED)('gives nothing when %s', async (_what, request) => {
    const device = newDevice()
    const keys = makeKeys()
    const code = await issue(device)
    const first = await ask(order(code, device, keys))
    expect(first.token).toBeDefined()
    const refused = await ask(request(code, device, keys))
    expect(refused.code).toMatch(/^(ENROL_CODE_INVALID|BAD_SIGNATURE)$/)
    expect(refused.token).toBeUndefined()
    expect((await ask(order(code, device, keys))).token, 'the right one still gets its answer').toBe(
      first.token,
    )
  })

  it('gives nothing once the device was revoked, or enrolled anew', async () => {
    const keys = makeKeys()
    const [gone, anew] = [newDevice(), newDevice()]
    const codes = [await issue(gone), await issue(anew)] as const
    await ask(order(codes[0], gone, keys))
    await ask(order(codes[1], anew, keys))
    await stand.server.context.desk.revokeDevice('test', gone, 'lost')
    const second = await ask(order(await issue(anew), anew, keys))
    expect(second.token).toBeDefined()
    expect(await ask(order(codes[0], gone, keys))).toMatchObject({ code: 'ENROL_CODE_INVALID' })
    expect(await ask(order(codes[1], anew, keys))).toMatchObject({ code: 'ENROL_CODE_INVALID' })
  })

  it('gives nothing after its time', async () => {
    const device = newDevice()
    const keys = makeKeys()
    const code = await issue(device)
    await ask(order(code, device, keys))
    const { pool } = stand.database.store
    const past = stand.server.context.clock.now() - 1
    expect(
      (await pool.query('update enrol_code set expires_at = $1 where device = $2', [past, device])).rowCount,
    ).toBe(1)
    expect(await ask(order(code, device, keys))).toMatchObject({ code: 'ENROL_CODE_INVALID' })
  })
})

describe('a stranger', () => {
  it('without a code is refused without the writer of the log being asked', async () => {
    // As long as this transaction lasts, whoever wants to write to the log waits.
    const holder = await stand.database.store.pool.connect()
    try {
      await holder.query('begin; select from log_head for update')
      const device = newDevice()
      const answer = await ask(order('AAAA-BBBB-CCCC', device, makeKeys()))
      expect(answer.code).toBe('ENROL_CODE_INVALID')
    } finally {
      await holder.query('rollback')
      holder.release()
    }
  })
})
