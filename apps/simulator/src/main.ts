import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Clock, explainProblem, type Problem, parseClock } from '@oiltrail/kernel'
import { planCounty } from './county/county.ts'
import type { CountyPlan } from './county/plan.ts'
import { writeEdgeConfig } from './edge-config.ts'
import { openControl } from './faults/control.ts'
import { FaultDesk, parseFault } from './faults/desk.ts'
import { liveHistory, writeSites } from './history/history.ts'
import { LiveCounty } from './live.ts'
import { HELP, type Options, readOptions } from './options.ts'

/** Whoever starts the simulator registers 21 sites and issues codes; it has this long. */
const CODES_TIMEOUT_MS = 10 * 60_000
const CODES_POLL_MS = 200
/** A platform that does not answer an attacker is none of his business. */
const ATTACK_TIMEOUT_MS = 10_000

/** One stage of the way, for the program that started this one. */
function stage(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function fail(problem: Problem): never {
  const zh = explainProblem(problem, 'zh')
  const en = explainProblem(problem, 'en')
  process.stderr.write(`simulate: ${problem.code} ${en.happened} / ${zh.happened}: ${problem.detail}\n`)
  process.exit(problem.code === 'INVALID_REQUEST' ? 2 : 1)
}

/** Waits for `{device: code}` of all devices; a file that is still being written is read again. */
async function awaitCodes(path: string, devices: readonly string[]): Promise<Record<string, string>> {
  const deadline = Date.now() + CODES_TIMEOUT_MS
  let missing = 'the file does not exist'
  while (Date.now() < deadline) {
    if (existsSync(path)) {
      const codes = parseCodes(readFileSync(path, 'utf8'))
      const lacking = codes && devices.find((device) => typeof codes[device] !== 'string')
      if (codes && lacking === undefined) return codes
      missing = codes ? `it has no code for ${lacking}` : 'it is not JSON'
    }
    await new Promise((wake) => setTimeout(wake, CODES_POLL_MS))
  }
  throw new Error(
    `no enrolment codes in ${path} after ${CODES_TIMEOUT_MS / 60_000} minutes: ${missing} / 未等到登记码`,
  )
}

function parseCodes(text: string): Record<string, string> | undefined {
  try {
    const codes: unknown = JSON.parse(text)
    return typeof codes === 'object' && codes !== null ? (codes as Record<string, string>) : undefined
  } catch {
    return undefined
  }
}

/** An attacker does not wait for the answer; that it was refused is the platform's to tell. */
function sendTo(url: string, bytes: Uint8Array): void {
  const body = new Blob([Uint8Array.from(bytes)])
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body,
    signal: AbortSignal.timeout(ATTACK_TIMEOUT_MS),
  }).catch(() => undefined)
}

/** Puts the county on its sockets, waits for codes, writes edge.yaml. Returns what ends it. */
async function goLive(
  live: LiveCounty,
  plan: CountyPlan,
  directory: string,
  options: Options,
): Promise<() => Promise<void>> {
  await live.start()
  const desk = new FaultDesk({
    world: live.world,
    mode: live.mode,
    site: (code) => live.site(code),
    present: () => live.present(),
    send: (bytes) => sendTo(`${options.api}/uplink`, bytes),
  })
  const control = await openControl(live, desk, options.controlPort)
  stage({ stage: 'control', url: control.url })
  for (const text of options.faults) {
    const ordered = desk.order(text)
    if (!ordered.ok) fail(ordered.problem)
  }
  const codes = await awaitCodes(
    options.codes ? resolve(options.codes) : join(directory, 'codes.json'),
    plan.sites.map((site) => site.device),
  )
  const edgeConfig = join(directory, 'edge.yaml')
  const text = writeEdgeConfig(live.sites, {
    county: plan.county,
    uplink: options.uplink,
    api: options.api,
    directory: options.edgeDirectory ? resolve(options.edgeDirectory) : join(directory, 'edge'),
    history: join(directory, 'history'),
    codes,
  })
  // It holds codes: only its owner may read it. Renamed into place, so that nobody reads half of it.
  writeFileSync(`${edgeConfig}.new`, text, { mode: 0o600 })
  renameSync(`${edgeConfig}.new`, edgeConfig)
  stage({ stage: 'listening', edgeConfig })
  return async () => {
    await control.close()
    await live.stop()
  }
}

async function main(): Promise<void> {
  const parsed = readOptions(process.argv.slice(2))
  if (!parsed.ok) fail(parsed.problem)
  const options = parsed.value
  if (options.help) {
    process.stdout.write(HELP)
    return
  }
  for (const text of options.faults) {
    const fault = parseFault(text)
    if (!fault.ok) fail(fault.problem)
  }
  // Until sockets listen there is nothing to close.
  let end = async (): Promise<void> => {}
  const leave = (): void => {
    end().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', leave)
  process.on('SIGINT', leave)

  const clock: Clock = parseClock(process.env.OILTRAIL_CLOCK, Date.now)
  const now = options.now ?? clock.now()
  const directory = resolve(options.directory)
  const plan = planCounty(options.seed, now)
  writeSites(plan, directory)
  stage({ stage: 'county', sites: plan.sites.length })
  const { world, instruments, records } = await liveHistory(
    plan,
    { now, days: options.days, speed: clock.speed },
    directory,
  )
  stage({ stage: 'history', records })
  if (options.historyOnly) return
  const live = new LiveCounty(world, instruments, clock)
  end = () => live.stop()
  end = await goLive(live, plan, directory, options)
}

main().catch((error: unknown) => {
  process.stderr.write(`simulate: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
