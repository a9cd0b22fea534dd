import { type ChartDecision, type Site, siteSchema, watchStatement } from '@oiltrail/domain'
import { ALGORITHMS, type Algorithm } from '@oiltrail/evidence'
import { keyIdOf, suites } from '@oiltrail/evidence/node'
import {
  type Channel,
  type Clock,
  DAY_MS,
  DEVICE_PATTERN,
  equalBytes,
  fromBase64,
  isChannel,
  ok,
  ProblemError,
  type Result,
  refuse,
  toBase64,
  utf8Bytes,
} from '@oiltrail/kernel'
import {
  type DeskEntry,
  type EnrolAnswer,
  type EnrolRequest,
  encodeDesk,
  enrolProofBytes,
} from '@oiltrail/protocols/uplink'
import {
  addDeviceKey,
  type DeviceRow,
  enrolDevice,
  readDeviceKeys,
  readDevices,
  readEnrolCode,
  readStreams,
  redeemEnrolCode,
  revokeDevice,
  type Store,
  storeEnrolCode,
  type Transaction,
} from '@oiltrail/store'
import { sameHash } from '../intake/devices.ts'
import type { Intake } from '../intake/intake.ts'
import { enrolmentToken, hashEnrolCode, makeEnrolCode, makeToken, type Token } from './codes.ts'
import type { Desk, EnrolCodeOrder } from './desk.ts'

/** Keys of one enrolment: one for each channel. */
const MOST_KEYS = 2
const LONGEST_REASON = 200
const LONGEST_ACTOR = 80
/** A chart may hold from the moment at which its form was opened. */
const LATEST_START_MS = 10 * 60_000
/** How far ahead a site may be registered: a rebuilding is known months before, a later year is a slip of the pen. */
const LATEST_EFFECT_MS = 366 * DAY_MS
/** Before the name of who stated it at the other platform. */
const SHARED_BY = 'shared: '

type Refused = Extract<Result<never>, { ok: false }>

interface OfferedKey {
  readonly channel: Channel
  readonly algorithm: Algorithm
  readonly publicKey: Uint8Array
  readonly keyId: string
}

/** The desk of a county, on its intake and its authority tables. */
export class Office implements Desk {
  private readonly store: Store
  private readonly intake: Intake
  private readonly clock: Clock
  private readonly county: { readonly number: number; readonly code: string }
  private readonly enrolSecret: Uint8Array

  constructor(parts: {
    store: Store
    intake: Intake
    clock: Clock
    county: { number: number; code: string }
    /** Tokens of enrolments come from it. */
    enrolSecret: Uint8Array
  }) {
    this.store = parts.store
    this.intake = parts.intake
    this.clock = parts.clock
    this.county = parts.county
    this.enrolSecret = parts.enrolSecret
  }

  async registerSite(actor: string, site: Site): Promise<Result<{ position: number }>> {
    const parsed = siteSchema.safeParse(site)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      return refuse('INVALID_REQUEST', issue?.message.slice(0, 200) ?? '', issue?.path.join('.'))
    }
    if (!parsed.data.town.startsWith(this.county.code))
      return refuse('INVALID_REQUEST', `town ${site.town} is not in county ${this.county.code}`, 'town')
    if (parsed.data.effectiveAt > this.clock.now() + LATEST_EFFECT_MS)
      return refuse('INVALID_REQUEST', 'it lies more than a year ahead', 'effectiveAt')
    const twice = namedTwice(parsed.data)
    if (twice) return twice
    return this.state('site-registered', undefined, async (_tx, at) => ({
      v: 1,
      action: 'site-registered',
      actor: actor.slice(0, LONGEST_ACTOR),
      at,
      site: parsed.data,
    }))
  }

  async issueEnrolCode(order: EnrolCodeOrder): Promise<Result<{ code: string; expiresAt: number }>> {
    const [county, site] = order.device.split('-')
    if (!DEVICE_PATTERN.test(order.device) || county !== this.county.code)
      return refuse(
        'INVALID_REQUEST',
        `device ${order.device} is not of county ${this.county.code}`,
        'device',
      )
    if (site !== order.site)
      return refuse('INVALID_REQUEST', `device ${order.device} does not belong to site ${order.site}`, 'site')
    const code = makeEnrolCode()
    const now = this.clock.now()
    const expiresAt = now + order.validSeconds * 1_000
    try {
      await this.store.transaction((tx) =>
        storeEnrolCode(
          tx,
          this.county.number,
          { codeHash: hashEnrolCode(code), device: order.device, site: order.site, expiresAt },
          now,
        ),
      )
    } catch {
      return refuse('STORE_FAILED', 'the code could not be stored')
    }
    return ok({ code, expiresAt })
  }

  async enrol(request: EnrolRequest): Promise<Result<EnrolAnswer>> {
    const keys = checkKeys(request)
    if (!keys.ok) return this.refuseEnrolment(request, keys)
    const { device, code } = request
    // Anybody may ask: only who holds a code may make the writer of the log turn to him.
    if ((await this.codeState(request)) === 'unknown')
      return this.refuseEnrolment(
        request,
        refuse('ENROL_CODE_INVALID', `no open code for ${device}`) as Refused,
      )
    const token = enrolmentToken(this.enrolSecret, hashEnrolCode(code), device, keys.value)
    const done = await this.state('device-enrolled', device, (tx, at) =>
      this.admit(tx, request, keys.value, token.hash, at),
    )
    if (!done.ok && !(await this.isRepeated(request, token))) return this.refuseEnrolment(request, done)
    return ok({
      county: this.county.code,
      device,
      token: token.token,
      serverTime: this.clock.now(),
    })
  }

  /** `undefined` while the database does not answer: then what follows says so. */
  private async codeState({ code, device }: EnrolRequest): Promise<'open' | 'used' | 'unknown' | undefined> {
    const { store, county, clock } = this
    return readEnrolCode(store.pool, county.number, hashEnrolCode(code), device, clock.now()).then(
      (state) => state ?? 'unknown',
      () => undefined,
    )
  }

  /** Whether the very same enrolment succeeded before and still holds: its answer was lost on the way. */
  private async isRepeated(request: EnrolRequest, { hash }: Token): Promise<boolean> {
    if ((await this.codeState(request)) !== 'used') return false
    const rows = await readDevices(this.store.pool, this.county.number, request.device).catch(() => [])
    return rows[0] !== undefined && equalBytes(rows[0].tokenHash, hash)
  }

  async takeStatement(statement: DeskEntry): Promise<Result<{ position: number }>> {
    const actor = `${SHARED_BY}${statement.actor}`
    if (statement.action === 'site-registered') return this.registerSite(actor, statement.site)
    if (statement.action === 'device-revoked')
      return this.revokeDevice(actor, statement.device, statement.reason)
    if (statement.action !== 'device-enrolled')
      return refuse(
        'INVALID_REQUEST',
        `${statement.action} is not a statement that platforms share`,
        'action',
      )
    const { device, site } = statement
    const keys = checkPublicKeys(device, statement.keys)
    if (!keys.ok) return keys
    if (!device.startsWith(`${this.county.code}-${site}-`))
      return refuse('INVALID_REQUEST', `device ${device} is not of site ${site} of this county`, 'device')
    // A token that nobody is told: the box belongs to the other platform, only its batches come here.
    const { hash } = makeToken()
    return this.state('device-enrolled', device, (tx, at) =>
      this.letSpeak(tx, { device, site, tokenHash: hash, enrolledAt: at }, keys.value, actor),
    )
  }

  async decideChart(
    actor: string,
    decision: ChartDecision,
    reason: string,
  ): Promise<Result<{ position: number }>> {
    const now = this.clock.now()
    const said = { v: 1, action: 'chart-decided', actor, at: Math.floor(now), decision, reason } as const
    // All of it, the reason too: what followers could not read back would be answered as stated and hold nowhere.
    const parsed = watchStatement.safeParse(said)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      const path = issue?.path.filter((part) => part !== 'decision').join('.')
      return refuse('INVALID_REQUEST', issue?.message.slice(0, 200) ?? '', path)
    }
    if (decision.accepted && decision.effectiveAt < now - LATEST_START_MS)
      return refuse('INVALID_REQUEST', 'a chart cannot hold for the past', 'effectiveAt')
    return this.state('chart-decided', undefined, async (_tx, at) => ({ ...said, at }))
  }

  async revokeDevice(actor: string, device: string, reason: string): Promise<Result<{ position: number }>> {
    return this.state('device-revoked', device, async (tx, at) => {
      if (!(await revokeDevice(tx, this.county.number, device)))
        throw new ProblemError({ code: 'NOT_FOUND', detail: `device ${device} is not enrolled` })
      return {
        v: 1,
        action: 'device-revoked',
        actor: actor.slice(0, LONGEST_ACTOR),
        at,
        device,
        reason: reason.slice(0, LONGEST_REASON),
      }
    })
  }

  private async state(
    action: DeskEntry['action'],
    device: string | undefined,
    effect: (tx: Transaction, at: number) => Promise<DeskEntry>,
  ): Promise<Result<{ position: number }>> {
    const done = await this.intake.state({
      action,
      ...(device === undefined ? {} : { device }),
      effect: async (tx, receivedAt) => encodeDesk(await effect(tx, receivedAt)),
    })
    return done.ok ? ok({ position: done.value.position }) : done
  }

  /** Within the transaction of the entry: uses the code up, lets the device speak with its new keys. */
  private async admit(
    tx: Transaction,
    request: EnrolRequest,
    keys: readonly OfferedKey[],
    tokenHash: Uint8Array,
    at: number,
  ): Promise<DeskEntry> {
    const { device } = request
    const site = await redeemEnrolCode(tx, this.county.number, hashEnrolCode(request.code), device, at)
    if (site === undefined)
      throw new ProblemError({ code: 'ENROL_CODE_INVALID', detail: `no open code for ${device}` })
    return this.letSpeak(tx, { device, site, tokenHash, enrolledAt: at }, keys, device)
  }

  /** Within the transaction of the entry: the device may sign with these keys from now on. */
  private async letSpeak(
    tx: Transaction,
    row: DeviceRow,
    keys: readonly OfferedKey[],
    actor: string,
  ): Promise<DeskEntry> {
    const county = this.county.number
    const { device, site, enrolledAt: at } = row
    const streams = await readStreams(tx, county, device)
    const oldKeys = await readDeviceKeys(tx, county, device)
    await enrolDevice(tx, county, row)
    for (const key of keys) {
      const islands = streams.find((stream) => stream.channel === key.channel)?.islands ?? []
      const old = oldKeys.find((row) => row.channel === key.channel)
      const oldAlgorithm = ALGORITHMS.find((name) => name === old?.algorithm)
      if (islands.length > 0 && oldAlgorithm && !sameHash(oldAlgorithm, key.algorithm))
        throw new ProblemError({
          code: 'CONFLICT',
          detail: `the ${key.channel} chain of ${device} goes on with the hash of ${oldAlgorithm}`,
        })
      // Records up to here may carry the old key; what was not delivered yet is signed by the new one.
      const delivered = islands.at(-1)?.last ?? 0
      await addDeviceKey(tx, county, { device, ...key, fromSeq: 1 }, delivered + 1)
    }
    return {
      v: 1,
      action: 'device-enrolled',
      actor: actor.slice(0, LONGEST_ACTOR),
      at,
      device,
      site,
      keys: keys.map(({ channel, algorithm, publicKey }) => ({
        channel,
        algorithm,
        publicKey: toBase64(publicKey),
      })),
    }
  }

  /** A failed enrolment goes on record, without the code. */
  private refuseEnrolment(request: EnrolRequest, refused: Refused): Refused {
    const { problem } = refused
    if (problem.code !== 'STORE_FAILED' && problem.code !== 'OVERLOADED')
      this.intake.recordRefusal(
        problem,
        utf8Bytes(JSON.stringify({ v: 1, enrol: request.device })),
        'enrolment',
        request.device,
      )
    return refused
  }
}

/** Refuses a registration in which two dispensers or two arms share a code: their sales could not be told apart. */
function namedTwice({ dispensers, arms }: Site): Refused | undefined {
  const parts = [
    ['dispensers', dispensers.map(({ dispenser }) => dispenser)],
    ['arms', arms.map(({ arm }) => arm)],
  ] as const
  for (const [where, codes] of parts)
    for (const [i, code] of codes.entries())
      if (codes.indexOf(code) < i)
        return refuse('INVALID_REQUEST', `${code} stands twice`, `${where}.${i}`) as Refused
  return undefined
}

function checkKeys(request: EnrolRequest): Result<OfferedKey[]> {
  const keys = checkPublicKeys(request.device, request.keys)
  if (!keys.ok) return keys
  for (const [i, key] of keys.value.entries()) {
    const where = `keys[${i}]`
    const proof = fromBase64(request.keys[i]!.proof)
    if (!proof) return refuse('INVALID_REQUEST', 'key and proof must be base64', where)
    const verifier = suites[key.algorithm].verifier(key.publicKey)
    if (!verifier.ok) return refuse('INVALID_REQUEST', verifier.problem.detail, `${where}.publicKey`)
    if (!verifier.value(enrolProofBytes(request.code, request.device, key.channel), proof))
      return refuse('BAD_SIGNATURE', 'the proof is not a signature of this key', `${where}.proof`)
  }
  return keys
}

/** Keys as they are stated, one for each channel. Refuses INVALID_REQUEST. */
function checkPublicKeys(
  device: string,
  offer: readonly { readonly channel: string; readonly algorithm: string; readonly publicKey: string }[],
): Result<OfferedKey[]> {
  if (!DEVICE_PATTERN.test(device)) return refuse('INVALID_REQUEST', 'not the name of a device', 'device')
  if (offer.length === 0 || offer.length > MOST_KEYS)
    return refuse('INVALID_REQUEST', 'one key for each channel', 'keys')
  const keys: OfferedKey[] = []
  for (const [i, offered] of offer.entries()) {
    const where = `keys[${i}]`
    const { channel } = offered
    if (!isChannel(channel) || keys.some((key) => key.channel === channel))
      return refuse('INVALID_REQUEST', 'one key for each channel', `${where}.channel`)
    const publicKey = fromBase64(offered.publicKey)
    const algorithm = ALGORITHMS.find((name) => name === offered.algorithm)
    if (!publicKey || !algorithm) return refuse('INVALID_REQUEST', 'key and proof must be base64', where)
    const verifier = suites[algorithm].verifier(publicKey)
    if (!verifier.ok) return refuse('INVALID_REQUEST', verifier.problem.detail, `${where}.publicKey`)
    keys.push({ channel, algorithm, publicKey, keyId: keyIdOf(publicKey) })
  }
  return ok(keys)
}
