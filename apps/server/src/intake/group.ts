import type { StreamState } from '@oiltrail/domain'
import {
  claimPositions,
  Pipeline,
  readHead,
  type Store,
  TOUCHED_NOTHING,
  writeDeviceKey,
  writeEntries,
  writeStreams,
} from '@oiltrail/store'
import type { LogEntry } from '../log/entry.ts'
import type { Rotation } from './check.ts'
import type { KnownChannel } from './devices.ts'
import type { Claim, Draft } from './draft.ts'
import { lookUp } from './overlap.ts'

/** This writer no longer owns the log of its county: another server took it. It must never commit again. */
export class OwnershipLost extends Error {
  constructor(county: number) {
    super(`another server owns the log of county ${county}`)
    this.name = 'OwnershipLost'
  }
}

/** Told what became of an item of the group. */
export type Answer = (outcome: Outcome) => void
export type Outcome =
  | { readonly kind: 'committed'; readonly position: number }
  /** The log holds another history of the same records. */
  | { readonly kind: 'forked' }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * What is committed together: entries in their order, the streams as they are after the last of them, keys that were
 * announced, and replays, which need no entry but must wait until what they repeat is committed.
 */
export class Group {
  readonly drafts: Draft[] = []
  private readonly answers: Answer[] = []
  private readonly streams = new Map<KnownChannel, { islands: StreamState; receivedAt: number }>()
  private readonly rotations: { channel: KnownChannel; rotation: Rotation }[] = []
  private readonly replays: { claim: Claim; channel: KnownChannel; answer: Answer }[] = []
  records = 0
  bytes = 0
  /** `performance.now()` of its first item. */
  openedAt = 0

  get isEmpty(): boolean {
    return this.drafts.length === 0 && this.replays.length === 0
  }

  /** Adds an entry. */
  add(draft: Draft, answer: Answer): void {
    this.open()
    this.drafts.push(draft)
    this.answers.push(answer)
    this.bytes += draft.raw.length
    this.records += draft.memo?.records.length ?? 1
  }

  /** Notes where a stream stands after the entry added last, and the key it announced. */
  touch(channel: KnownChannel, receivedAt: number, rotation: Rotation | undefined): void {
    this.streams.set(channel, { islands: channel.islands, receivedAt })
    if (rotation) this.rotations.push({ channel, rotation })
  }

  /** Adds a batch that is in the log already, or in this group, or in the one before. */
  addReplay(claim: Claim, channel: KnownChannel, answer: Answer): void {
    this.open()
    this.replays.push({ claim, channel, answer })
    this.records++
  }

  private open(): void {
    if (this.isEmpty) this.openedAt = performance.now()
  }

  /**
   * Commits the group from position `first` on, in one round trip, and returns its entries. Throws `OwnershipLost`, or
   * whatever the database says.
   */
  async commit(store: Store, county: number, epoch: number, first: number): Promise<LogEntry[]> {
    if (this.drafts.length === 0) return []
    const entries = this.drafts.map((draft, i) => ({ ...draft, position: first + i }))
    const writes = new Pipeline()
    claimPositions(writes, county, epoch, first, entries.length)
    writeEntries(writes, entries)
    this.writeState(writes, county)
    try {
      await store.round(async () => writes)
    } catch (error) {
      if ((error as { code?: unknown }).code !== TOUCHED_NOTHING) throw error
      if ((await readHead(store.pool, county))?.ownerEpoch !== epoch) throw new OwnershipLost(county)
      throw new Error(`the log does not stand at ${first}`, { cause: error })
    }
    return entries
  }

  private writeState(to: Pipeline, county: number): void {
    writeStreams(
      to,
      county,
      [...this.streams].map(([channel, state]) => ({
        device: channel.device,
        channel: channel.channel,
        islands: state.islands,
        lastReceivedAt: state.receivedAt,
      })),
    )
    for (const { channel, rotation } of this.rotations)
      writeDeviceKey(
        to,
        county,
        {
          device: channel.device,
          channel: channel.channel,
          keyId: rotation.keyId,
          algorithm: rotation.key.algorithm,
          publicKey: rotation.key.publicKey,
          fromSeq: rotation.key.fromSeq,
        },
        rotation.key.fromSeq,
      )
  }

  /** Answers the entries after their commit. */
  answerEntries(entries: readonly LogEntry[]): void {
    for (const [i, entry] of entries.entries())
      this.answers[i]!({ kind: 'committed', position: entry.position })
  }

  /** Answers the replays with the position where their first record stands, if it is the same history. Throws when the database does not answer. */
  async answerReplays(store: Store, county: number): Promise<void> {
    if (this.replays.length === 0) return
    const overlaps = this.replays.map(({ claim, channel }) => ({
      device: channel.device,
      channel: channel.channel,
      first: claim.first,
      last: claim.last,
      head: claim.head,
    }))
    const recorded = await lookUp(store, county, overlaps)
    for (const [i, replay] of this.replays.entries()) {
      const { position, same } = recorded[i]!
      if (position === undefined)
        replay.answer({ kind: 'failed', error: new Error('a record of the stream is not in the log') })
      else replay.answer(same ? { kind: 'committed', position } : { kind: 'forked' })
    }
  }

  /** Tells everybody that nothing is known to be stored. Answers that were given already ignore it. */
  fail(error: unknown): void {
    for (const answer of this.answers) answer({ kind: 'failed', error })
    for (const replay of this.replays) replay.answer({ kind: 'failed', error })
  }
}
