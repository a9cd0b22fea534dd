import { isIP } from 'node:net'
import { type Clock, COUNTY_PATTERN, type EpochMs, ProblemError, parseClock } from '@oiltrail/kernel'
import type { ShareSettings } from './share/address.ts'

/** How a server is run. Made from flags and environment variables; flags win. */
export interface ServerConfig {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Undefined: no plain MQTT. */
  readonly mqttPort: number | undefined
  /** MQTT over TLS; only with certificate and key. */
  readonly mqttsPort: number
  /** Keys, tokens and the built-in database live here. */
  readonly data: string
  /** Your own PostgreSQL; undefined starts the built-in one. */
  readonly databaseUrl: string | undefined
  readonly countyCode: string
  /** Paths of PEM files; HTTP and MQTT then also speak TLS. */
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  /** Addresses and networks of proxies in front, whose word about who asks is taken. */
  readonly trustedProxies: readonly string[]
  /** Name of the log in its checkpoints; undefined: the default of the county. */
  readonly origin: string | undefined
  /** Other platforms that the log is handed on to, and how to reach them. */
  readonly share: ShareSettings
  readonly clock: Clock
  readonly demo: boolean
  readonly logLevel: string
}

/** Flags of `serve`, for `node:util` parseArgs. */
export const SERVE_OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  county: { type: 'string' },
  'mqtt-port': { type: 'string' },
  'mqtts-port': { type: 'string' },
  'database-url': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'trusted-proxy': { type: 'string' },
  origin: { type: 'string' },
  'share-url': { type: 'string' },
  'share-token-file': { type: 'string' },
  'share-ca': { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

export type ServeFlags = { readonly [K in keyof typeof SERVE_OPTIONS]?: string | boolean | undefined }

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Reads the configuration. Throws a `ProblemError` CONFIG_INVALID that names the setting at fault. */
export function readConfig(
  flags: ServeFlags,
  env: Readonly<Record<string, string | undefined>>,
  realClock: () => EpochMs,
): ServerConfig {
  const text = (flag: keyof ServeFlags, variable: string): string | undefined => {
    const value = flags[flag] ?? env[variable]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const port = (flag: keyof ServeFlags, variable: string, otherwise: number): number => {
    const value = text(flag, variable)
    if (value === undefined) return otherwise
    if (!/^[0-9]{1,5}$/.test(value) || Number(value) > 65_535)
      throw invalid(
        `--${flag} / ${variable}`,
        `a port from 0 to 65535, not ${value.slice(0, 40)} / 应为 0–65535`,
      )
    return Number(value)
  }
  const countyCode = text('county', 'OILTRAIL_COUNTY') ?? '520327'
  if (!COUNTY_PATTERN.test(countyCode))
    throw invalid('--county / OILTRAIL_COUNTY', 'six digits / 应为六位数字')
  const tlsCert = text('tls-cert', 'OILTRAIL_TLS_CERT')
  const tlsKey = text('tls-key', 'OILTRAIL_TLS_KEY')
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw invalid('--tls-cert / --tls-key', 'both files or none / 须同时给出或都不给')
  const databaseUrl = text('database-url', 'DATABASE_URL')
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl))
    throw invalid(
      '--database-url / DATABASE_URL',
      'it reads postgresql://USER:PASSWORD@HOST:PORT/DATABASE / 应形如 postgresql://用户:口令@主机:端口/库名',
    )
  const logLevel = text('log-level', 'OILTRAIL_LOG_LEVEL') ?? 'info'
  if (!LOG_LEVELS.includes(logLevel))
    throw invalid('--log-level / OILTRAIL_LOG_LEVEL', `one of ${LOG_LEVELS.join(', ')} / 应为其中之一`)
  return {
    host: text('host', 'OILTRAIL_HOST') ?? '127.0.0.1',
    port: port('port', 'OILTRAIL_PORT', 8080),
    mqttPort:
      text('mqtt-port', 'OILTRAIL_MQTT_PORT') === 'off'
        ? undefined
        : port('mqtt-port', 'OILTRAIL_MQTT_PORT', 1883),
    mqttsPort: port('mqtts-port', 'OILTRAIL_MQTTS_PORT', 8883),
    data: text('data', 'OILTRAIL_DATA') ?? './data',
    databaseUrl,
    countyCode,
    tlsCert,
    tlsKey,
    trustedProxies: readProxies(text('trusted-proxy', 'OILTRAIL_TRUSTED_PROXY')),
    origin: text('origin', 'OILTRAIL_ORIGIN'),
    share: {
      urls: text('share-url', 'OILTRAIL_SHARE_URL'),
      tokenFiles: text('share-token-file', 'OILTRAIL_SHARE_TOKEN_FILE'),
      caFile: text('share-ca', 'OILTRAIL_SHARE_CA'),
    },
    clock: readClock(env.OILTRAIL_CLOCK, realClock),
    demo: env.OILTRAIL_DEMO === '1',
    logLevel,
  }
}

function readProxies(text: string | undefined): string[] {
  const proxies = (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  for (const proxy of proxies)
    if (!isNetwork(proxy))
      throw invalid(
        '--trusted-proxy / OILTRAIL_TRUSTED_PROXY',
        `an address or network such as 10.0.0.0/8, not ${proxy.slice(0, 60)} / 应为地址或网段`,
      )
  return proxies
}

function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return (
    most > 0 &&
    rest.length === 0 &&
    (length === undefined || (/^[0-9]{1,3}$/.test(length) && Number(length) <= most))
  )
}

function readClock(text: string | undefined, realClock: () => EpochMs): Clock {
  try {
    return parseClock(text, realClock)
  } catch (error) {
    throw invalid('OILTRAIL_CLOCK', error instanceof Error ? error.message : String(error))
  }
}

function invalid(where: string, detail: string): ProblemError {
  return new ProblemError({ code: 'CONFIG_INVALID', detail, where })
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.[0-9.]+$/.test(host)
}
