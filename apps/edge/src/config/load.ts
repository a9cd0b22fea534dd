import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ok, type Result, refuse } from '@oiltrail/kernel'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { configSchema, type EdgeConfig } from './schema.ts'

/** A configuration of this size is a mistake, not a county. */
const MAX_CONFIG_BYTES = 1_048_576
/** Enough to see the pattern; a wrong indent can make hundreds. */
const MAX_COMPLAINTS = 20

type Path = readonly PropertyKey[]

/**
 * Reads a configuration file and makes its paths absolute (they are relative to the file).
 * Refuses CONFIG_INVALID; `detail` has one line per fault: `file:line:column path: 中文 / English`.
 */
export async function loadConfig(file: string): Promise<Result<EdgeConfig>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    return refuse(
      'CONFIG_INVALID',
      `${file}: 无法读取 / cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      file,
    )
  }
  const config = parseConfig(text, file)
  if (!config.ok) return config
  const at = (path: string): string => resolve(dirname(file), path)
  const { ca, history, directory } = config.value
  return ok({
    ...config.value,
    directory: at(directory),
    ...(history === undefined ? {} : { history: at(history) }),
    ...(ca === undefined ? {} : { ca: at(ca) }),
  })
}

/** Checks the text of a configuration. `file` is only for messages. */
export function parseConfig(text: string, file: string): Result<EdgeConfig> {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES)
    return refuse('CONFIG_INVALID', `${file}: 文件过大 / the file is too large`, file)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    maxAliasCount: 0,
  } as object)
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [broken] = document.errors
  if (broken)
    return refuse(
      'CONFIG_INVALID',
      `${place(broken.pos[0])} YAML 语法错误 / YAML syntax: ${broken.message}`,
      place(broken.pos[0]),
    )
  let plain: unknown
  try {
    plain = document.toJS({ maxAliasCount: 0 })
  } catch {
    return refuse('CONFIG_INVALID', `${file}: 不允许别名 / aliases are not allowed`, file)
  }
  const parsed = configSchema.safeParse(plain)
  const faults = parsed.success ? contradictions(parsed.data) : parsed.error.issues.flatMap(faultsOf)
  if (parsed.success && faults.length === 0) return ok(parsed.data)
  const complaints = faults.slice(0, MAX_COMPLAINTS).map(({ path, says }) => {
    const name = path.map(String).join('.')
    return `${place(offsetOf(document, path))} ${name ? `${name}: ` : ''}${says}`
  })
  return refuse('CONFIG_INVALID', complaints.join('\n'), complaints[0]!.split(' ')[0]!)
}

interface Fault {
  readonly path: Path
  readonly says: string
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], says: '未知的配置项 / unknown setting' }))
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ path: issue.path, says: `缺少此项 / is missing (${issue.message})` }]
  return [{ path: issue.path, says: issue.message }]
}

/** Offset of the deepest part of a path that stands in the document. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step)
      if (!pair) break
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else node = (node as { items?: unknown[] } | null)?.items?.[Number(step)]
    if (!isNode(node)) break
    if (!isMap(node) || path.at(-1) !== step) offset = node.range?.[0] ?? offset
  }
  return offset
}

/** Faults that no single field shows. */
function contradictions(config: EdgeConfig): Fault[] {
  const faults: Fault[] = []
  const devices = new Set<string>()
  const portChannel = new Map<string, string>()
  config.sites.forEach((site, i) => {
    if (devices.has(site.device))
      faults.push({ path: ['sites', i, 'device'], says: '采集器编号重复 / the device stands here twice' })
    devices.add(site.device)
    if (!site.device.startsWith(`${config.county}-`))
      faults.push({ path: ['sites', i, 'device'], says: '不属于本县 / does not belong to this county' })
    if (site.enrolCode !== undefined && config.api === undefined)
      faults.push({
        path: ['sites', i, 'enrolCode'],
        says: '登记需要 api 地址 / enrolment needs the address api',
      })
    for (const channel of ['volume', 'price'] as const) {
      const subjects = new Set<string>()
      site[channel].forEach((driver, j) => {
        const other = portChannel.get(driver.port) ?? channel
        if (other !== channel)
          faults.push({
            path: ['sites', i, channel, j, 'port'],
            says: '油量与单价通道不得共用端口 / the two channels must not share a port',
          })
        portChannel.set(driver.port, channel)
        for (const [list, k, subject] of subjectsOf(driver)) {
          if (subjects.has(`${list[1]}${subject}`))
            faults.push({
              path: ['sites', i, channel, j, list[0], k],
              says: `${subject} 在本通道中重复 / ${subject} stands twice in this channel`,
            })
          subjects.add(`${list[1]}${subject}`)
        }
      })
    }
  })
  return faults
}

type Listed = readonly [list: readonly [string, string], index: number, subject: string]

function subjectsOf(driver: EdgeConfig['sites'][number]['volume'][number]): Listed[] {
  if (driver.driver === 'gauge') return driver.tanks.map(({ tank }, k) => [['tanks', 't'], k, tank])
  if (driver.driver === 'arm') return driver.arms.map(({ arm }, k) => [['arms', 'a'], k, arm])
  return driver.nozzles.map(({ nozzle }, k) => [['nozzles', 'n'], k, nozzle])
}
