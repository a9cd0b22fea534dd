import type { Server } from 'node:net'
import { parseArgs } from 'node:util'
import { ALGORITHMS, type Algorithm } from '@oiltrail/evidence'
import { suites } from '@oiltrail/evidence/node'
import { CHANNELS, type Channel, isChannel, parseClock, type Result, refuse } from '@oiltrail/kernel'
import { loadConfig } from '../config/load.ts'
import type { EdgeConfig } from '../config/schema.ts'
import { enrolDevice } from '../keys/enrol.ts'
import { ensureIdentity } from '../keys/identity.ts'
import { leaveSuccessor } from '../keys/keyring.ts'
import { verifySpool } from '../spool/verify.ts'
import { ChannelProcess } from './channel.ts'
import { enrolAll, makeKeys } from './enrolment.ts'
import { lockFolder } from './lock.ts'
import { openLog } from './log.ts'
import { readEnding, Supervisor } from './supervisor.ts'

const HELP = `油踪 采集器 / OilTrail collector

  edge run --config FILE                     采集并上传 / collect and send
  edge check --config FILE                   检查配置 / check the configuration
  edge enrol --config FILE --device ID --code CODE
                                             用一次性登记码登记 / enrol with a one-time code
  edge rotate --config FILE --device ID [--channel volume|price] [--algorithm NAME]
                                             更换密钥,运行中的采集器几秒内采用 / change keys; a running collector takes them up in seconds
  edge spool verify DIR                      逐条核对本地哈希链 / check a spool record by record
`

const OPTIONS = {
  config: { type: 'string' },
  device: { type: 'string' },
  code: { type: 'string' },
  channel: { type: 'string' },
  algorithm: { type: 'string' },
  after: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

interface Arguments {
  readonly config?: string | undefined
  readonly device?: string | undefined
  readonly code?: string | undefined
  readonly channel?: string | undefined
  readonly algorithm?: string | undefined
  readonly after?: string | undefined
}

/** Exit codes: 0 done, 1 refused or failed, 2 called or configured wrongly. */
export async function runCommand(argv: readonly string[], file: string): Promise<number> {
  let values: Arguments & { help?: boolean | undefined }
  let positionals: string[]
  try {
    ;({ values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }))
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
  const [command, ...rest] = positionals
  if (values.help || command === undefined || command === 'help') {
    process.stdout.write(HELP)
    return command === undefined && !values.help ? 2 : 0
  }
  if (command === 'spool')
    return rest[0] === 'verify' && rest[1] ? await spoolVerify(rest[1]) : usage('spool verify DIR')
  if (!['run', 'check', 'enrol', 'rotate', 'channel'].includes(command)) return usage(`${command}?`)
  if (values.config === undefined) return usage('--config FILE')
  // A channel that is started again goes on even where the folder of an imported history is gone.
  const config = loadConfig(values.config, command !== 'channel')
  if (!config.ok) {
    process.stderr.write(
      `配置文件有误 / the configuration is wrong (CONFIG_INVALID)\n${config.problem.detail}\n`,
    )
    return 2
  }
  if (command === 'check') {
    process.stdout.write(`配置正确 / the configuration is right: ${config.value.sites.length} sites\n`)
    return 0
  }
  if (command === 'run') return await run(config.value, values.config, file)
  if (command === 'channel') return await channel(config.value, rest[0], values.after)
  return command === 'enrol' ? await enrol(config.value, values) : await rotate(config.value, values)
}

function usage(complaint: string): number {
  process.stderr.write(`${complaint}\n\n${HELP}`)
  return 2
}

/** Resolves when somebody asks this process to stop. */
function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
    // The supervisor is gone: a channel must not outlive it.
    process.once('disconnect', resolve)
  })
}

async function run(config: EdgeConfig, configFile: string, file: string): Promise<number> {
  const log = openLog('edge')
  const stop = stopRequest()
  const clock = parseClock(process.env.OILTRAIL_CLOCK, () => Date.now())
  const prepared = await prepare(config)
  if (!prepared.ok) return refused(prepared.problem.code, prepared.problem.detail)
  const supervisor = new Supervisor({ file, configFile }, log)
  supervisor.start()
  const abort = new AbortController()
  const enrolling = enrolAll(config, clock, log, abort.signal)
  await stop
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  abort.abort()
  await supervisor.stop()
  await enrolling
  prepared.value.close()
  return 0
}

/** Before anything runs: the folder is there, nobody else works in it, every device has keys. Says why not in both languages. */
async function prepare(config: EdgeConfig): Promise<Result<Server>> {
  try {
    const lock = await lockFolder(config.directory, 'run')
    if (lock.ok) await makeKeys(config)
    return lock
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return refuse('CONFIG_INVALID', `目录不可用 / the folder cannot be used: ${detail}`, config.directory)
  }
}

async function channel(
  config: EdgeConfig,
  name: string | undefined,
  after: string | undefined,
): Promise<number> {
  if (!isChannel(name)) return usage('channel volume|price')
  const log = openLog(`edge-${name}`)
  const stop = stopRequest()
  const clock = parseClock(process.env.OILTRAIL_CLOCK, () => Date.now())
  const channelProcess = new ChannelProcess(config, name, clock, log)
  const started = channelProcess.start(readEnding(after)).catch((error: unknown) => {
    log.fatal({ err: error }, '通道无法启动 / the channel cannot start')
    process.exit(1)
  })
  await stop
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  await channelProcess.stop()
  await started
  // A socket of a device that never closes must not keep a stopped channel alive.
  process.exit(0)
}

async function enrol(config: EdgeConfig, { device, code }: Arguments): Promise<number> {
  const site = config.sites.find((one) => one.device === device)
  if (!site || !code) return usage('enrol --device ID --code CODE')
  if (!config.api) return usage('api: …')
  const identity = await ensureIdentity(config.directory, site.device, site.algorithm)
  if (!identity.ok) return refused(identity.problem.code, identity.problem.detail)
  if (identity.value.enrolled) {
    process.stdout.write(`${device} 早已登记 / was enrolled before\n`)
    return 0
  }
  const clock = parseClock(process.env.OILTRAIL_CLOCK, () => Date.now())
  const enrolled = await enrolDevice(identity.value, code, clock, {
    directory: config.directory,
    api: config.api,
    caFile: config.ca,
  })
  if (!enrolled.ok) return refused(enrolled.problem.code, enrolled.problem.detail)
  process.stdout.write(`${device} 已登记 / is enrolled\n`)
  return 0
}

async function rotate(config: EdgeConfig, { device, channel: only, algorithm }: Arguments): Promise<number> {
  const site = config.sites.find((one) => one.device === device)
  const chosen = ALGORITHMS.find((name) => name === (algorithm ?? site?.algorithm))
  if (!site || !chosen || (only !== undefined && !isChannel(only)))
    return usage(`rotate --device ID [--channel volume|price] [--algorithm ${ALGORITHMS.join('|')}]`)
  if ((chosen === 'SM2-SM3') !== (site.algorithm === 'SM2-SM3'))
    return refused(
      'UNKNOWN_KEY',
      `哈希算法不可更换 / the hash of the chain cannot change from ${site.algorithm}`,
    )
  for (const name of only === undefined ? CHANNELS : [only as Channel]) {
    const keyId = await leaveSuccessor(config.directory, site.device, name, chosen satisfies Algorithm)
    process.stdout.write(`${device} ${name}: ${keyId}\n`)
  }
  return 0
}

async function spoolVerify(directory: string): Promise<number> {
  const report = await verifySpool(directory, (algorithm) =>
    ALGORITHMS.includes(algorithm as Algorithm) ? suites[algorithm as Algorithm].hash : undefined,
  ).catch((error: NodeJS.ErrnoException) => ({
    ok: false as const,
    problem: { code: 'NOT_FOUND' as const, detail: error.message, where: directory },
  }))
  if (!report.ok) return refused(report.problem.code, `${report.problem.where}: ${report.problem.detail}`)
  process.stdout.write(`${JSON.stringify(report.value)}\n`)
  return 0
}

function refused(code: string, detail: string): number {
  process.stderr.write(`${code}: ${detail}\n`)
  return 1
}
