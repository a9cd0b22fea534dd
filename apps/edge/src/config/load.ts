import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ok, type Result, refuse } from '@oiltrail/kernel'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { readAuthority } from '../uplink/authority.ts'
import { contradictions, type Fault, type Path } from './contradictions.ts'
import { configSchema, type EdgeConfig } from './schema.ts'
import { decodeUtf8, fullWidthHint, syntaxWords } from './syntax.ts'

/** A configuration of this size is a mistake, not a county. */
const MAX_CONFIG_BYTES = 1_048_576
/** Enough to see the pattern; a wrong indent can make hundreds. */
const MAX_COMPLAINTS = 20

/**
 * Reads a configuration file and makes its paths absolute (they are relative to the file). With `withFiles` the files it
 * names are looked at too: so it is before anything starts, but not when a channel is started again.
 * Refuses CONFIG_INVALID; `detail` has one line per fault: `file:line:column path: 中文 / English`.
 */
export function loadConfig(file: string, withFiles = true): Result<EdgeConfig> {
  const bytes = readBounded(file)
  if (!bytes.ok) return bytes
  const decoded = decodeUtf8(bytes.value)
  if ('says' in decoded)
    return refuse('CONFIG_INVALID', `${file}:${decoded.line}:1 ${decoded.says}`, `${file}:${decoded.line}:1`)
  const at = (path: string): string => resolve(dirname(file), path)
  const config = parseConfig(decoded.text, file, withFiles ? (checked) => fileFaults(checked, at) : undefined)
  if (!config.ok) return config
  const { ca, history, directory } = config.value
  return ok({
    ...config.value,
    directory: at(directory),
    ...(history === undefined ? {} : { history: at(history) }),
    ...(ca === undefined ? {} : { ca: at(ca) }),
  })
}

function readBounded(file: string): Result<Buffer> {
  try {
    if (statSync(file).size > MAX_CONFIG_BYTES)
      return refuse('CONFIG_INVALID', `${file}: 文件过大 / the file is too large`, file)
    return ok(readFileSync(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? '没有此文件 / there is no such file'
        : code === 'EISDIR'
          ? '这是目录,不是文件 / this is a folder, not a file'
          : `无法读取 / cannot be read (${code ?? 'error'})`
    return refuse('CONFIG_INVALID', `${file}: ${why}`, file)
  }
}

/** Files and folders that a configuration names and that must be there. */
function fileFaults(config: EdgeConfig, at: (path: string) => string): Fault[] {
  const faults: Fault[] = []
  const { ca, history, directory } = config
  if (ca !== undefined) {
    const authority = readAuthority(at(ca))
    if (!authority.ok) faults.push({ path: ['ca'], says: authority.problem.detail })
  }
  if (history !== undefined && !isFolder(at(history)))
    faults.push({ path: ['history'], says: '没有此目录 / there is no such folder' })
  if (isFolder(at(directory)) === false)
    faults.push({ path: ['directory'], says: '这是文件,不是目录 / this is a file, not a folder' })
  return faults
}

/** Undefined when there is nothing, or nothing that may be looked at. */
function isFolder(path: string): boolean | undefined {
  try {
    return statSync(path).isDirectory()
  } catch {
    return undefined
  }
}

/**
 * Checks the text of a configuration. `file` is only for messages; `look` finds what only the world shows, once the text
 * itself is right.
 */
export function parseConfig(
  text: string,
  file: string,
  look: (config: EdgeConfig) => readonly Fault[] = () => [],
): Result<EdgeConfig> {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES)
    return refuse('CONFIG_INVALID', `${file}: 文件过大 / the file is too large`, file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineOf = (offset: number): number => lines.linePos(offset).line
  const complain = (offset: number, name: string, says: string): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col} ${name ? `${name}: ` : ''}${says}${fullWidthHint(text, line)}`
  }
  const told = (complaints: readonly string[]): Result<never> =>
    refuse('CONFIG_INVALID', complaints.join('\n'), complaints[0]!.slice(0, complaints[0]!.indexOf(' ')))
  const [broken] = document.errors
  if (broken) return told([complain(broken.pos[0], '', syntaxWords(broken))])
  let plain: unknown
  try {
    plain = document.toJS({ maxAliasCount: 0 })
  } catch {
    return refuse('CONFIG_INVALID', `${file}: 不允许别名 / aliases are not allowed`, file)
  }
  if (plain === null || plain === undefined) return told([complain(0, '', '文件是空的 / the file is empty')])
  const parsed = configSchema.safeParse(plain)
  let faults: readonly Fault[]
  if (!parsed.success) faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, plain))
  else {
    faults = contradictions(parsed.data)
    if (faults.length === 0) faults = look(parsed.data)
    if (faults.length === 0) return ok(parsed.data)
  }
  return told(
    faults.slice(0, MAX_COMPLAINTS).map(({ path, says, against }) => {
      const line = against && lineOf(offsetOf(document, against))
      const other = line === undefined ? '' : ` (第 ${line} 行 / line ${line})`
      return complain(offsetOf(document, path), path.map(String).join('.'), says + other)
    }),
  )
}

const KINDS: Readonly<Record<string, string>> = {
  object: '须为一组设置(键: 值) / must be a group of settings (key: value)',
  array: '须为列表 / must be a list',
  string: '须为文本(加引号) / must be text (quote it)',
}

function faultsOf(issue: z.core.$ZodIssue, plain: unknown): Fault[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], says: '未知的配置项 / unknown setting' }))
  const says =
    issue.code === 'invalid_type' && !issue.message.includes(' / ')
      ? (KINDS[issue.expected] ?? issue.message)
      : issue.message
  const value = valueAt(plain, path)
  const lack = value === undefined ? ['缺少此项', 'is missing'] : ['此项为空', 'is empty']
  if (value !== undefined && value !== null) return [{ path, says }]
  const [zh, en] = says.split(' / ')
  return [{ path, says: `${lack[0]}:${zh} / ${lack[1]}: ${en ?? zh}` }]
}

function valueAt(plain: unknown, path: Path): unknown {
  let value = plain
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
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
