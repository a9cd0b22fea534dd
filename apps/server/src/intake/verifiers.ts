import type { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { startThread } from '../thread.ts'
import type { KnownKey } from './devices.ts'
import { isGood, VERIFIER_ROLE, type VerifierAnswer, type VerifierJob } from './verifier.ts'

/** Batches a thread is given ahead: enough that it never waits for us, few enough that we seldom wait for it. */
const AHEAD = 16
/** Batches of one message. */
const TOGETHER = 4

/** A batch on its way through a verifier thread. */
export interface Ticket {
  readonly bytes: Uint8Array
  /** The key it was looked at with; chosen when it is sent. */
  key: KnownKey | undefined
  state: 'waiting' | 'sent' | 'done'
  /** Whether chain and signature are good under `key`. */
  good: boolean
  wake: (() => void) | undefined
}

interface Thread {
  readonly worker: Worker
  readonly sent: Map<number, Ticket>
}

/**
 * Threads that check chains and signatures ahead of intake, because SM2 is half of what a batch costs us. They only ever
 * say "good under this key"; whatever else intake finds out itself, in its own order, with its own words. So a thread
 * that dies costs speed and nothing else.
 */
export class Verifiers {
  private readonly threads: Thread[]
  private readonly log: Logger
  private readonly keyOf: (bytes: Uint8Array) => KnownKey | undefined
  private waiting: Ticket[] = []
  private lastId = 0

  /** `keyOf` finds the key that a batch claims to be signed by. */
  constructor(count: number, keyOf: (bytes: Uint8Array) => KnownKey | undefined, log: Logger) {
    this.keyOf = keyOf
    this.log = log
    this.threads = Array.from({ length: count }, () => this.start())
  }

  /** Threads at work. */
  get count(): number {
    return this.threads.length
  }

  /** Puts a batch in line. */
  offer(bytes: Uint8Array): Ticket | undefined {
    if (this.threads.length === 0) return undefined
    const ticket: Ticket = { bytes, key: undefined, state: 'waiting', good: false, wake: undefined }
    this.waiting.push(ticket)
    this.send()
    return ticket
  }

  /**
   * The key under which a batch was found good. Waits for a thread that has it in hand, working meanwhile; undefined when none had its turn
   * yet (it is then taken out of the line), or when it is not good: the caller checks it itself.
   */
  async claim(ticket: Ticket): Promise<KnownKey | undefined> {
    while (ticket.state === 'sent')
      if (this.checkOneHere()) await new Promise<void>((turn) => setImmediate(turn))
      else
        await new Promise<void>((wake) => {
          ticket.wake = wake
        })
    ticket.state = 'done'
    return ticket.good ? ticket.key : undefined
  }

  /** Rather than wait for a thread, this one checks a batch that no thread has in hand yet. False when there is none. */
  private checkOneHere(): boolean {
    for (let ticket = this.waiting.shift(); ticket; ticket = this.waiting.shift()) {
      const key = ticket.state === 'waiting' ? this.keyOf(ticket.bytes) : undefined
      if (!key) continue
      ticket.key = key
      ticket.good = isGood({ id: 0, bytes: ticket.bytes, algorithm: key.algorithm, publicKey: key.publicKey })
      ticket.state = 'done'
      return true
    }
    return false
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.splice(0).map((thread) => thread.worker.terminate()))
  }

  private send(): void {
    for (const thread of this.threads) {
      while (this.waiting.length > 0 && thread.sent.size < AHEAD) {
        const jobs = this.nextJobs(thread)
        if (jobs.length > 0)
          thread.worker.postMessage(
            jobs,
            jobs.map((job) => job.bytes.buffer as ArrayBuffer),
          )
      }
    }
  }

  private nextJobs(thread: Thread): VerifierJob[] {
    const jobs: VerifierJob[] = []
    let looked = 0
    for (const ticket of this.waiting) {
      if (jobs.length >= TOGETHER || thread.sent.size >= AHEAD) break
      looked++
      const key = ticket.state === 'waiting' ? this.keyOf(ticket.bytes) : undefined
      if (!key) continue
      const id = ++this.lastId
      ticket.state = 'sent'
      ticket.key = key
      thread.sent.set(id, ticket)
      // A copy of its own: the bytes may lie in a larger buffer, and a copy can be handed over without another one.
      jobs.push({
        id,
        bytes: new Uint8Array(ticket.bytes),
        algorithm: key.algorithm,
        publicKey: new Uint8Array(key.publicKey),
      })
    }
    this.waiting = this.waiting.slice(looked)
    return jobs
  }

  private start(): Thread {
    const worker = startThread({ role: VERIFIER_ROLE })
    const thread: Thread = { worker, sent: new Map() }
    worker.unref()
    worker.on('message', (answer: VerifierAnswer) => {
      for (const [i, id] of answer.ids.entries()) this.finish(thread, id, answer.good[i] === true)
      this.send()
    })
    worker.on('error', (error) => this.log.error({ err: error }, 'a verifier thread failed'))
    worker.on('exit', () => {
      const index = this.threads.indexOf(thread)
      if (index >= 0) this.threads.splice(index, 1)
      for (const id of [...thread.sent.keys()]) this.finish(thread, id, false)
      if (this.threads.length === 0) this.waiting = []
    })
    return thread
  }

  private finish(thread: Thread, id: number, good: boolean): void {
    const ticket = thread.sent.get(id)
    thread.sent.delete(id)
    if (!ticket) return
    ticket.good = good
    ticket.state = 'done'
    ticket.wake?.()
  }
}
