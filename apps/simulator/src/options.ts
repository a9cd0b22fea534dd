import { parseArgs } from 'node:util'
import { ok, type Result, refuse } from '@oiltrail/kernel'

/** Options of `simulate`. */
export interface Options {
  readonly directory: string
  readonly seed: number
  readonly days: number
  /** Where the history ends; the clock's now when absent. */
  readonly now: number | undefined
  readonly historyOnly: boolean
  readonly uplink: string
  readonly api: string
  readonly edgeDirectory: string | undefined
  readonly codes: string | undefined
  readonly controlPort: number
  readonly faults: readonly string[]
  readonly help: boolean
}

/** Longer histories are possible, but nobody waits for ten years of a county by mistake. */
const MOST_DAYS = 400
const LATEST_NOW = 8_640_000_000_000

export const HELP = `simulate --dir DIR [options]

A simulated county that speaks real bytes on loopback sockets.
一个在本机回环端口上以真实协议字节应答的模拟县域。

  --dir DIR             where sites.json, history/, edge.yaml are written / 输出目录
  --seed N              which county, 0–4294967295 (7) / 随机种子
  --days N              days of history before now, 0–${MOST_DAYS} (30) / 历史天数
  --now MS              where the history ends, epoch ms (the clock) / 历史截止时刻
  --history-only        write the history and stop / 只写历史
  --uplink URL          uplink of the platform (mqtt://127.0.0.1:1883) / 上报地址
  --api URL             API of the platform (http://127.0.0.1:8080) / 平台接口地址
  --edge-directory DIR  where the collectors keep spools and keys (DIR/edge) / 采集器数据目录
  --codes FILE          enrolment codes {device: code}; waited for (DIR/codes.json) / 登记码文件
  --control-port N      port of the fault control, 0 = any free one (0) / 故障控制端口
  --fault SPEC          name@site[:subject][+delaySeconds[~durationSeconds]], repeatable / 预设故障
  --help

The clock runs as OILTRAIL_CLOCK=<anchor epoch ms>x<speed> says. / 时钟由环境变量 OILTRAIL_CLOCK 指定。
`

/** Reads the command line. Refuses INVALID_REQUEST with the option at fault. */
export function readOptions(args: readonly string[]): Result<Options> {
  const parsed = parse(args)
  if (!parsed.ok) return parsed
  const values = parsed.value
  const seed = whole(values.seed, 0, 4_294_967_295)
  if (seed === undefined) return wrong('seed', 'a whole number 0–4294967295')
  const days = whole(values.days, 0, MOST_DAYS)
  if (days === undefined) return wrong('days', `a whole number 0–${MOST_DAYS}`)
  const now = values.now === undefined ? undefined : whole(values.now, 1, LATEST_NOW)
  if (values.now !== undefined && now === undefined) return wrong('now', 'milliseconds since 1970')
  const controlPort = whole(values['control-port'], 0, 65_535)
  if (controlPort === undefined) return wrong('control-port', 'a port 0–65535')
  if (!values.dir && !values.help) return wrong('dir', 'a folder')
  return ok({
    directory: values.dir ?? '',
    seed,
    days,
    now,
    historyOnly: values['history-only'],
    uplink: values.uplink,
    api: values.api,
    edgeDirectory: values['edge-directory'],
    codes: values.codes,
    controlPort,
    faults: values.fault,
    help: values.help,
  })
}

interface Values {
  readonly dir?: string
  readonly seed: string
  readonly days: string
  readonly now?: string
  readonly 'history-only': boolean
  readonly uplink: string
  readonly api: string
  readonly 'edge-directory'?: string
  readonly codes?: string
  readonly 'control-port': string
  readonly fault: readonly string[]
  readonly help: boolean
}

function parse(args: readonly string[]): Result<Values> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: 'string' },
        seed: { type: 'string', default: '7' },
        days: { type: 'string', default: '30' },
        now: { type: 'string' },
        'history-only': { type: 'boolean', default: false },
        uplink: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
        api: { type: 'string', default: 'http://127.0.0.1:8080' },
        'edge-directory': { type: 'string' },
        codes: { type: 'string' },
        'control-port': { type: 'string', default: '0' },
        fault: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return ok(values)
  } catch (error) {
    return refuse('INVALID_REQUEST', error instanceof Error ? error.message : String(error))
  }
}

function whole(text: string, low: number, high: number): number | undefined {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
  return value >= low && value <= high ? value : undefined
}

function wrong(option: string, wanted: string): ReturnType<typeof refuse> {
  return refuse('INVALID_REQUEST', `--${option} must be ${wanted} / 参数 --${option} 无效`, option)
}
