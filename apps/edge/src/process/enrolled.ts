import type { EdgeConfig } from '../config/schema.ts'
import { readIdentity } from '../keys/identity.ts'

/** How often a channel looks whether a device was enrolled meanwhile (real time). */
const LOOK_MS = 1_000

/** Devices with a token, kept up to date until all are enrolled or `signal` aborts. */
export function enrolmentWatch(config: EdgeConfig, signal: AbortSignal): Map<string, string> {
  const enrolled = new Map<string, string>()
  const look = async (): Promise<void> => {
    for (const { device } of config.sites) {
      if (enrolled.has(device)) continue
      const identity = await readIdentity(config.directory, device)
      if (identity.ok && identity.value?.enrolled) enrolled.set(device, identity.value.enrolled.token)
    }
    if (enrolled.size < config.sites.length && !signal.aborted) timer = setTimeout(() => void look(), LOOK_MS)
  }
  let timer: NodeJS.Timeout | undefined
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  void look()
  return enrolled
}
