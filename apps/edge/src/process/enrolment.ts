import type { Clock } from '@oiltrail/kernel'
import type { Logger } from 'pino'
import type { EdgeConfig, SiteConfig } from '../config/schema.ts'
import { enrolDevice } from '../keys/enrol.ts'
import { ensureIdentity, type Identity, readIdentity } from '../keys/identity.ts'
import { reconnectPauseMs } from '../uplink/carrier.ts'

/** Real pause after the platform refused a code: a person has to issue another. */
const REFUSED_PAUSE_MS = 60_000

/** Makes the keys of every device that has none. Returns the problem of the first that cannot. */
export async function makeKeys(config: EdgeConfig): Promise<Identity[]> {
  const identities: Identity[] = []
  for (const site of config.sites) {
    const identity = await ensureIdentity(config.directory, site.device, site.algorithm)
    if (!identity.ok) throw new Error(`${identity.problem.where}: ${identity.problem.detail}`)
    identities.push(identity.value)
  }
  return identities
}

/**
 * Enrols every device that has a code and no token, one after the other, until each is enrolled or `signal` aborts.
 * Collecting goes on meanwhile. A code that was refused is not tried again until the configuration names another.
 */
export async function enrolAll(
  config: EdgeConfig,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const spent = new Set<string>()
  const said = new Map<string, string>()
  let waiting = config.sites.filter((site) => site.enrolCode !== undefined)
  let attempt = 0
  while (waiting.length > 0 && !signal.aborted) {
    const still: SiteConfig[] = []
    let reached = true
    for (const site of waiting) {
      const outcome = reached ? await enrolOne(config, site, clock, log, { spent, said }) : 'unreached'
      if (outcome === 'unreached') reached = false
      if (outcome === 'unreached' || outcome === 'refused') still.push(site)
      if (signal.aborted) return
    }
    waiting = still
    if (waiting.length === 0) return
    await pause(reached ? REFUSED_PAUSE_MS : reconnectPauseMs(attempt++, Math.random()), signal)
  }
}

interface EnrolMemory {
  /** Codes that the platform refused. */
  readonly spent: Set<string>
  /** What was last said in the log, by device. */
  readonly said: Map<string, string>
}

async function enrolOne(
  config: EdgeConfig,
  site: SiteConfig,
  clock: Clock,
  log: Logger,
  { spent, said }: EnrolMemory,
): Promise<'done' | 'refused' | 'unreached'> {
  const { device, enrolCode } = site
  const identity = await readIdentity(config.directory, device)
  if (!identity.ok || !identity.value || !enrolCode || !config.api) return 'refused'
  if (identity.value.enrolled) return 'done'
  if (spent.has(enrolCode)) return 'refused'
  const enrolled = await enrolDevice(identity.value, enrolCode, clock, {
    directory: config.directory,
    api: config.api,
    caFile: config.ca,
  })
  if (enrolled.ok) {
    log.info({ device }, '设备已登记 / device enrolled')
    return 'done'
  }
  const { code, detail } = enrolled.problem
  // A platform that is away all night is one line in the log, not a thousand.
  const level = said.get(device) === `${code} ${detail}` ? 'debug' : 'warn'
  said.set(device, `${code} ${detail}`)
  log[level]({ device, code, detail }, '设备登记未成功 / the device could not be enrolled')
  // OVERLOADED: not reached; TOO_MANY_REQUESTS: a county enrolling at once. Both pass by themselves.
  if (code === 'OVERLOADED' || code === 'TOO_MANY_REQUESTS') return 'unreached'
  spent.add(enrolCode)
  return 'refused'
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
