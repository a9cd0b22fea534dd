import type { HealthEvent } from '@oiltrail/domain'
import type { Clock, EpochMs } from '@oiltrail/kernel'
import type { Recorder } from './recorder.ts'

/** Self-checks that last, with the event that ends each. */
const ENDS = {
  'mains-lost': 'mains-restored',
  'network-lost': 'network-restored',
  'driver-silent': 'driver-restored',
  'board-silent': 'board-restored',
  'cabinet-opened': 'cabinet-closed',
  'spool-nearly-full': 'spool-relieved',
} as const satisfies Partial<Record<HealthEvent, HealthEvent>>

/** A self-check that lasts until its end is seen. */
export type Fault = keyof typeof ENDS

const STATE_KEY = 'faults'
/** The schema's bound on `subject`. */
const MAX_SUBJECT = 64

/** Keeps the self-check records of one channel: one onset, one end, also across restarts. */
export class Health {
  private readonly recorder: Recorder
  private readonly clock: Clock
  private readonly open: Set<string>

  constructor(recorder: Recorder, clock: Clock) {
    this.recorder = recorder
    this.clock = clock
    const stored = recorder.state(STATE_KEY)
    this.open = new Set(Array.isArray(stored) ? stored.filter((name) => typeof name === 'string') : [])
  }

  /** Records an event that has no end. */
  async note(
    event: HealthEvent,
    subject = '',
    value?: number,
    at: EpochMs = this.clock.now(),
  ): Promise<void> {
    await this.write(event, subject, value, at)
  }

  isOpen(fault: Fault, subject = ''): boolean {
    return this.open.has(name(fault, subject))
  }

  /** Records the onset of a fault, unless it is open already. */
  async raise(fault: Fault, subject = '', value?: number, at?: EpochMs): Promise<void> {
    if (this.isOpen(fault, subject)) return
    this.open.add(name(fault, subject))
    await this.write(fault, subject, value, at ?? this.clock.now())
  }

  /** Records the end of a fault, if it is open. */
  async clear(fault: Fault, subject = '', value?: number, at?: EpochMs): Promise<void> {
    if (!this.open.delete(name(fault, subject))) return
    await this.write(ENDS[fault], subject, value, at ?? this.clock.now())
  }

  private async write(
    event: HealthEvent,
    subject: string,
    value: number | undefined,
    at: EpochMs,
  ): Promise<void> {
    const fact = {
      kind: 'health',
      event,
      subject: subject.slice(0, MAX_SUBJECT),
      ...(value === undefined ? {} : { value }),
    } as const
    await this.recorder.record([{ at, fact }], { [STATE_KEY]: [...this.open] }, true)
  }
}

function name(fault: Fault, subject: string): string {
  return `${fault}|${subject.slice(0, MAX_SUBJECT)}`
}
