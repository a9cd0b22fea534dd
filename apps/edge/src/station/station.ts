import type { Channel, Clock } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import type { SiteConfig } from '../config/schema.ts'
import type { KeyRing } from '../keys/keyring.ts'
import type { Ending } from '../process/supervisor.ts'
import type { Spool } from '../spool/spool.ts'
import { Health } from './health.ts'
import { Recorder } from './recorder.ts'

/** One channel of one device: its spool, its keys, what writes into it. */
export class Station {
  readonly site: SiteConfig
  readonly channel: Channel
  readonly spool: Spool
  readonly keys: KeyRing
  readonly recorder: Recorder
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger

  constructor(parts: {
    site: SiteConfig
    channel: Channel
    spool: Spool
    keys: KeyRing
    clock: Clock
    log: Logger
  }) {
    this.site = parts.site
    this.channel = parts.channel
    this.spool = parts.spool
    this.keys = parts.keys
    this.clock = parts.clock
    this.log = parts.log.child({ device: parts.site.device, channel: parts.channel })
    this.recorder = new Recorder(parts.spool, this.log)
    this.health = new Health(this.recorder, parts.clock)
  }

  get device(): string {
    return this.site.device
  }

  /** First records of a run: what had to be repaired, and why this process began. */
  async announceStart(after: Ending | undefined): Promise<void> {
    for (const repair of this.spool.repairs) {
      this.log.error({ repair }, '本地存储已修复 / the spool was repaired')
      const file = repair.file.split('/').at(-1) ?? ''
      await this.health.note(
        'spool-repaired',
        file,
        repair.lostRecords > 0 ? repair.lostRecords : repair.tornBytes,
      )
    }
    if (after) await this.health.note('restarted', after.signal, after.code)
    else await this.health.note('started')
  }
}
