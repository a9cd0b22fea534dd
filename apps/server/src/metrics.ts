import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Following } from './follow/following.ts'
import type { MqttGateway } from './gateway/mqtt.ts'
import type { Intake, IntakeFigures } from './intake/intake.ts'
import type { LogFeed } from './log/feed.ts'
import type { Seal } from './seal/follower.ts'
import type { ShareCourier } from './share/courier.ts'

/** What the figures are read from. */
export interface MetricParts {
  readonly intake: Intake
  readonly feed: LogFeed
  readonly followers: readonly Following[]
  readonly seal: Seal
  readonly mqtt: MqttGateway
  readonly couriers: readonly ShareCourier[]
}

const INTAKE_COUNTERS: readonly {
  readonly key: keyof IntakeFigures
  readonly name: string
  readonly help: string
}[] = [
  { key: 'batches', name: 'batches_total', help: 'Batches accepted' },
  { key: 'records', name: 'records_total', help: 'Records of accepted batches' },
  {
    key: 'verifiedAhead',
    name: 'verified_ahead_total',
    help: 'Batches a verifier thread had checked before their turn',
  },
  { key: 'replays', name: 'replays_total', help: 'Batches that were in the log already' },
  { key: 'refusals', name: 'refusals_total', help: 'Batches refused' },
  { key: 'suppressed', name: 'refusals_suppressed_total', help: 'Refusals counted instead of stored' },
  { key: 'retries', name: 'retries_total', help: 'Batches sent back with nothing stored' },
  { key: 'commits', name: 'commits_total', help: 'Group commits' },
  {
    key: 'commitMs',
    name: 'commit_milliseconds_total',
    help: 'Time from the start of a group commit to its answers',
  },
  { key: 'failures', name: 'commit_failures_total', help: 'Group commits that failed' },
]

/** The registry behind `/metrics`; every value is read when asked for. */
export function makeMetrics(parts: MetricParts): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'oiltrail_' })
  const registers = [registry]
  for (const { key, name, help } of INTAKE_COUNTERS) {
    new Counter({
      name: `oiltrail_intake_${name}`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(parts.intake.figures[key])
      },
    })
  }
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `oiltrail_${name}`,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  gauge('intake_waiting', 'Batches and statements waiting', () => parts.intake.waiting.jobs)
  gauge('intake_waiting_bytes', 'Bytes waiting', () => parts.intake.waiting.bytes)
  gauge('intake_open', '1 while batches are taken', () => (parts.intake.isOpen ? 1 : 0))
  gauge('log_next_position', 'Entries in the log', () => parts.feed.nextPosition)
  gauge('seal_checkpoint_size', 'Leaves of the newest checkpoint', () => parts.seal.checkpoint?.size ?? 0)
  gauge('mqtt_connections', 'Open MQTT connections', () => parts.mqtt.connections)
  perFollower(registry, parts)
  perTarget(registry, parts)
  return registry
}

function perFollower(registry: Registry, parts: MetricParts): void {
  const gauge = (name: string, help: string, read: (loop: Following) => number): void => {
    new Gauge({
      name: `oiltrail_follower_${name}`,
      help,
      labelNames: ['follower'],
      registers: [registry],
      collect() {
        for (const loop of parts.followers) this.set({ follower: loop.name }, read(loop))
      },
    })
  }
  gauge('position', 'Next position of the follower', (loop) => loop.position)
  gauge('lag', 'Entries the follower is behind', (loop) => parts.feed.nextPosition - loop.position)
  gauge('failures', 'Rounds that failed and were tried again', (loop) => loop.figures.failures)
  gauge('rounds', 'Rounds committed', (loop) => loop.figures.rounds)
  gauge('busy_milliseconds', 'Time spent in rounds', (loop) => loop.figures.busyMs)
}

/** Other platforms are labelled by their address. */
function perTarget(registry: Registry, parts: MetricParts): void {
  const gauge = (name: string, help: string, read: (courier: ShareCourier) => number): void => {
    new Gauge({
      name: `oiltrail_share_${name}`,
      help,
      labelNames: ['target'],
      registers: [registry],
      collect() {
        for (const courier of parts.couriers) this.set({ target: courier.target }, read(courier))
      },
    })
  }
  gauge('lag', 'Entries not yet offered to the target', (one) => parts.feed.nextPosition - one.position)
  gauge('batches', 'Batches the target stored since the start', (one) => one.figures.batches)
  gauge('statements', 'Statements the target took since the start', (one) => one.figures.statements)
  gauge('refused', 'Entries on record that the target would not take', (one) => one.figures.refused)
  gauge('failures', 'Attempts that got no answer', (one) => one.figures.failures)
}
