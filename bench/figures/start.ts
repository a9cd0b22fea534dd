import { Platform } from '../../test/fleet/platform.ts'
import { type Benchmark, figure } from '../figure.ts'

/** A person who starts the platform should not wonder whether it hangs. */
const LONGEST_SECONDS = 10

async function startSeconds(platform: Platform): Promise<number> {
  const start = performance.now()
  await platform.start()
  return (performance.now() - start) / 1_000
}

/** From the start of the process to its `ready` line, on an empty folder and on the same folder again. */
export const start: Benchmark = {
  name: 'start',
  async run() {
    const platform = new Platform({ env: { OILTRAIL_LOG_LEVEL: 'warn' } })
    try {
      const first = await startSeconds(platform)
      await platform.end('SIGTERM')
      const second = await startSeconds(platform)
      return [
        figure('start to ready of an empty platform, database made', 's', { value: first }, [
          '<=',
          LONGEST_SECONDS,
        ]),
        figure('start to ready of an empty platform, second start', 's', { value: second }, [
          '<=',
          LONGEST_SECONDS,
        ]),
      ]
    } finally {
      await platform.end('SIGTERM')
      platform.remove()
    }
  },
}
