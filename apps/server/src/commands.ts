import { constants, existsSync } from 'node:fs'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Problem, ProblemError } from '@oiltrail/kernel'
import { backup, listLogs, restore, type Store } from '@oiltrail/store'
import { pino } from 'pino'
import { readConfig, SERVE_OPTIONS, type ServeFlags, type ServerConfig } from './config.ts'
import { openDatabase } from './database.ts'
import { ENROL_SECRET } from './desk/codes.ts'
import { ENROL_HELP, issueCode } from './enrol.ts'
import { keepHeap } from './heap.ts'
import { parseAudit, parseExport, runAudit, runExport, runReplay } from './inspect.ts'
import { ACCEPT_LOSS_HELP, acceptLoss } from './loss.ts'
import { REMOVE_HELP, removeData } from './remove.ts'
import { hasLogKeys } from './seal/keys.ts'
import { settleRestored } from './seal/restored.ts'
import { type RunningServer, startServer } from './serve.ts'

/** A stop that takes longer than this is broken off: the caller expects us gone within ten seconds, our database with us. */
const STOP_DEADLINE_MS = 8_000
/** On its way up it has nothing to put in order but the database, which notices our end by itself. */
const GIVE_UP_DEADLINE_MS = 5_000
/** What a backup takes along from the folder of keys. */
const KEY_FILES = ['log-ed25519.pem', 'log-sm2.pem', ENROL_SECRET]

type Environment = Readonly<Record<string, string | undefined>>

/** One command: its help in both languages and what it does. Returns the exit code. */
interface Command {
  readonly usage: string
  readonly help: string
  run(args: readonly string[], env: Environment): Promise<number>
}

const DATABASE_HELP = `  --data DIR           data folder (OILTRAIL_DATA, ./data) / 数据目录
  --database-url URL   your own PostgreSQL (DATABASE_URL) / 自备数据库
`

const SERVE_HELP = `  --port N             pages and interface (OILTRAIL_PORT, 8080; 0 = any) / 页面与接口端口
  --host ADDRESS       address to listen on (OILTRAIL_HOST, 127.0.0.1) / 监听地址
  --mqtt-port N|off    MQTT (OILTRAIL_MQTT_PORT, 1883) / MQTT 端口
  --mqtts-port N       MQTT over TLS (OILTRAIL_MQTTS_PORT, 8883) / TLS MQTT 端口
  --tls-cert FILE --tls-key FILE   PEM files; pages and MQTT then speak TLS / 证书与私钥
  --trusted-proxy ADDRESS,…   proxies in front, whose X-Forwarded-For is believed (OILTRAIL_TRUSTED_PROXY) / 可信反向代理的地址或网段
  --county CODE        six digits (OILTRAIL_COUNTY, 520327) / 县级区划代码
  --origin NAME        name of the log in its checkpoints (OILTRAIL_ORIGIN) / 日志名称
  --share-url URL,…    platforms that get every accepted batch (OILTRAIL_SHARE_URL) / 数据转送的平台地址
  --share-token-file FILE,…   their administrator tokens, for statements (OILTRAIL_SHARE_TOKEN_FILE) / 对方管理员令牌文件
  --share-ca FILE      authority of their certificates (OILTRAIL_SHARE_CA) / 对方证书的签发机构
  --log-level LEVEL    fatal … trace, silent (OILTRAIL_LOG_LEVEL, info) / 日志级别
${DATABASE_HELP}`

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: { usage: 'serve [OPTIONS]', help: SERVE_HELP, run: serve },
  migrate: { usage: 'migrate [OPTIONS]', help: DATABASE_HELP, run: migrateDatabase },
  backup: { usage: 'backup FILE [OPTIONS]', help: DATABASE_HELP, run: writeBackup },
  restore: { usage: 'restore FILE [OPTIONS]', help: DATABASE_HELP, run: restoreBackup },
  'accept-loss': {
    usage: 'accept-loss [OPTIONS]',
    help: `${ACCEPT_LOSS_HELP}${DATABASE_HELP}`,
    run: (args, env) => inspect(args, env, acceptLoss),
  },
  replay: {
    usage: 'replay [OPTIONS]',
    help: DATABASE_HELP,
    run: (args, env) => inspect(args, env, runReplay),
  },
  audit: {
    usage: 'audit [--older CHECKPOINT] [--vkey FILE]… [OPTIONS]',
    help: `  --older FILE         a checkpoint kept outside the house: shows a log cut or made anew / 外部留存的旧检查点
  --vkey FILE          verifier key kept outside, instead of the keys of the data folder / 外部留存的验证公钥
${DATABASE_HELP}`,
    run: auditDatabase,
  },
  export: {
    usage: 'export FILE --site S001 --from 2026-11-01 --to 2026-12-01 [--older CHECKPOINT] [OPTIONS]',
    help: `  --site CODE          site / 站点编号
  --from, --to TIME    records made in this span, whenever they arrived; China time unless a zone is given,
                       or epoch milliseconds / 记录产生的时间范围,默认北京时间
  --older FILE         a checkpoint that you kept / 留存的旧检查点
${DATABASE_HELP}`,
    run: writeEvidence,
  },
  enrol: {
    usage: 'enrol --device 520327-S001-A --site S001 [--valid-seconds 86400] [--api URL] [--data DIR]',
    help: ENROL_HELP,
    run: issueCode,
  },
  remove: { usage: 'remove --data DIR [--yes]', help: REMOVE_HELP, run: removeData },
}

/** Runs `serve`, `migrate`, `backup` …; the first argument is its name. */
export async function runCommand(argv: readonly string[], env: Environment): Promise<number> {
  const [name = '', ...args] = argv
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) {
    process.stderr.write(`oiltrail: unknown command / 未知命令 ${name}\n`)
    process.stderr.write(`${Object.keys(COMMANDS).join(' ')}\n`)
    return 2
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`oiltrail ${command.usage}\n\n${command.help}`)
    return 0
  }
  return command.run(args, env)
}

/** Parses options; a wrong one is CONFIG_INVALID. */
function parse(args: readonly string[]): { readonly flags: ServeFlags; readonly names: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: SERVE_OPTIONS,
      allowPositionals: true,
    })
    return { flags: values, names: positionals }
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error))
  }
}

function invalid(detail: string): ProblemError {
  return new ProblemError({ code: 'CONFIG_INVALID', detail })
}

function configOf(
  args: readonly string[],
  env: Environment,
): { config: ServerConfig; names: readonly string[] } {
  const { flags, names } = parse(args)
  return { config: readConfig(flags, env, Date.now), names }
}

/** Of a command that takes nothing but options. */
function configAlone(args: readonly string[], env: Environment): ServerConfig {
  const { config, names } = configOf(args, env)
  if (names.length > 0) throw invalid(`what is ${names[0]}? / 多余的参数 ${names[0]}`)
  return config
}

function makeLog(config: ServerConfig) {
  return pino(
    { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  )
}

async function serve(args: readonly string[], env: Environment): Promise<number> {
  const config = configAlone(args, env)
  await mkdir(config.data, { recursive: true })
  const log = makeLog(config)
  const end = pledge<Problem | undefined>()
  const ended = new AbortController()
  let server: RunningServer | undefined
  // Before anything is started: a signal that comes early must not leave a database behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end.keep(undefined))
  void end.promise.then(() => {
    ended.abort()
    const late = (code: number, text: string) => () => {
      log.error(text)
      process.exit(code)
    }
    if (server) setTimeout(late(1, 'the stop took too long and was broken off'), STOP_DEADLINE_MS).unref()
    else setTimeout(late(0, 'the start was broken off'), GIVE_UP_DEADLINE_MS).unref()
  })
  try {
    keepHeap()
    server = await startServer(config, log, {
      cancelled: ended.signal,
      onFatal: (problem) => {
        log.fatal({ problem }, 'the server cannot go on')
        end.keep(problem)
      },
    })
    announce(server)
  } catch (error) {
    if (!ended.signal.aborted) throw error
  }
  const problem = await end.promise
  await server?.stop()
  // Told once more, in both languages, as the last words that a person sees.
  if (problem) throw new ProblemError(problem)
  return 0
}

/** One line on standard output, for whoever waits for it; the rest is for people. */
function announce({ url, mqttUrl, mqttsUrl }: RunningServer): void {
  for (const address of [mqttUrl, mqttsUrl]) if (address) process.stderr.write(`mqtt ${address}\n`)
  process.stdout.write(`ready ${url}\n`)
}

function pledge<T>(): { readonly promise: Promise<T>; readonly keep: (value: T) => void } {
  let keep: (value: T) => void = () => undefined
  const promise = new Promise<T>((fulfil) => {
    keep = fulfil
  })
  return { promise, keep }
}

async function migrateDatabase(args: readonly string[], env: Environment): Promise<number> {
  const config = configAlone(args, env)
  const database = await openDatabase({ ...databaseOf(config, hasLogKeys(config.data)), migrate: true })
  process.stderr.write(`schema version ${database.version} / 数据库结构版本 ${database.version}\n`)
  await database.close()
  return 0
}

/** `existing`: the command reads what was recorded, so a database that is not there is an error, not a first start. */
function databaseOf(config: ServerConfig, existing: boolean) {
  return {
    mustExist: existing,
    url: config.databaseUrl,
    data: config.data,
    log: makeLog(config),
    onGivenUp: (problem: Problem) => {
      process.stderr.write(`oiltrail: ${problem.code}: ${problem.detail}\n`)
      process.exit(1)
    },
  }
}

function fileOf(names: readonly string[]): string {
  const [file, ...rest] = names
  if (file === undefined || rest.length > 0) throw invalid('one FILE is needed / 需要一个文件名')
  return file
}

async function writeBackup(args: readonly string[], env: Environment): Promise<number> {
  const { config, names } = configOf(args, env)
  const file = fileOf(names)
  const attachments: Record<string, Uint8Array> = {}
  for (const name of KEY_FILES) {
    const path = join(config.data, 'keys', name)
    if (existsSync(path)) attachments[name] = await readFile(path)
  }
  const database = await openDatabase({ ...databaseOf(config, true), migrate: true })
  try {
    await backup(database.store, file, attachments)
  } finally {
    await database.close()
  }
  process.stderr.write(`backup written to ${file} / 备份已写入\n`)
  return 0
}

async function restoreBackup(args: readonly string[], env: Environment): Promise<number> {
  const { config, names } = configOf(args, env)
  const file = fileOf(names)
  // Before a database is made for it.
  await access(file, constants.R_OK)
  const database = await openDatabase({ ...databaseOf(config, false), migrate: false })
  try {
    const { attachments } = await restore(database.store, file)
    const folder = join(config.data, 'keys')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const aside = `.replaced-${Date.now()}`
    let replaced = false
    for (const name of KEY_FILES) {
      const bytes = attachments[name]
      if (bytes && (await placeKey(join(folder, name), bytes, aside))) replaced = true
    }
    await settleRestored(folder, await listLogs(database.store.pool), replaced ? aside : undefined)
  } finally {
    await database.close()
  }
  process.stderr.write(`restored from ${file} / 已恢复\n`)
  return 0
}

/**
 * The log goes on under the keys it was sealed with. Others that lie in the folder may be of a log that lives in a database
 * elsewhere: without them it could never be sealed again, so they are kept aside. Returns whether one was.
 */
async function placeKey(path: string, bytes: Uint8Array, ending: string): Promise<boolean> {
  const there = await readFile(path).catch(() => undefined)
  if (there?.equals(bytes)) return false
  if (there) {
    const aside = `${path}${ending}`
    await rename(path, aside)
    process.stderr.write(`another key was there; it is kept as ${aside} / 原有密钥另存为 ${aside}\n`)
  }
  await writeFile(path, bytes, { mode: 0o600, flush: true })
  return there !== undefined
}

/** Runs something on the database, beside a running server if there is one. */
async function onDatabase(config: ServerConfig, work: (store: Store) => Promise<number>): Promise<number> {
  const database = await openDatabase({ ...databaseOf(config, true), migrate: true })
  try {
    return await work(database.store)
  } finally {
    await database.close()
  }
}

async function inspect(
  args: readonly string[],
  env: Environment,
  run: (store: Store, config: ServerConfig) => Promise<number>,
): Promise<number> {
  const config = configAlone(args, env)
  return onDatabase(config, (store) => run(store, config))
}

async function auditDatabase(args: readonly string[], env: Environment): Promise<number> {
  const order = parseAudit(args)
  const config = readConfig(order.flags, env, Date.now)
  return onDatabase(config, (store) => runAudit(store, config, order))
}

async function writeEvidence(args: readonly string[], env: Environment): Promise<number> {
  const order = parseExport(args)
  const config = readConfig(order.flags, env, Date.now)
  return onDatabase(config, (store) => runExport(store, config, order))
}
