import { open } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { EvidenceVerifier, NOTE_LIMITS, type NoteKey, parseVkey, type Trust } from '@oiltrail/evidence'
import { platform } from '@oiltrail/evidence/node'
import { UplinkInspector } from '@oiltrail/protocols/uplink'
import { eachLine } from './lines.ts'
import { type Findings, type Language, reportJson, reportLines } from './report.ts'

/**
 * How the command ended, as its exit code. `unattributed`: the file agrees with itself, but only with the key that it brings
 * along; anybody can make such a file, so a script that waits for 0 must not take it for evidence.
 */
export const EXIT = { verified: 0, failed: 1, unusable: 2, unattributed: 3 } as const

const USAGE: Readonly<Record<Language, string>> = {
  zh: `用法:oiltrail-verify <存证文件> [选项]
离线校验存证文件,不依赖平台。
退出码:0 通过;1 不通过;2 无法校验;3 自洽但未给 --vkey:任何人都能造出这样的文件,不能证明出自哪个日志。
  --vkey <文件或文本>   独立取得的日志验证公钥,没有它不会得到 0;可给多个
  --older <文件>        手中留存的旧检查点
  --json                输出 JSON
  --lang zh|en          语言
  --help                显示本说明`,
  en: `Usage: oiltrail-verify <evidence file> [options]
Checks an evidence file offline, without trusting the platform.
Exit code: 0 it verifies; 1 it does not; 2 cannot check; 3 it agrees with itself, but without --vkey nobody says whose log
it is: anybody can make such a file.
  --vkey <file or text>  verifier key of the log from an independent source, without which there is no 0; may be
                         given more than once
  --older <file>         an older checkpoint that you kept
  --json                 print JSON
  --lang zh|en           language
  --help                 show this`,
}

/** Where the command writes; `process.stdout` and `process.stderr` in life. */
export interface Output {
  out(line: string): void
  err(line: string): void
}

/** A mistake of the caller, told in both languages. */
class UsageError extends Error {
  readonly zh: string
  constructor(zh: string, en: string) {
    super(en)
    this.zh = zh
  }
}

interface Options {
  readonly file: string
  readonly vkeys: readonly string[]
  readonly older: string | undefined
  readonly json: boolean
}

/** Runs the command with its arguments (without node and script) and returns the exit code. Never throws. */
export async function runVerify(args: readonly string[], output: Output): Promise<number> {
  let language: Language = (process.env.LANG ?? '').toLowerCase().startsWith('en') ? 'en' : 'zh'
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        vkey: { type: 'string', multiple: true, default: [] },
        older: { type: 'string' },
        json: { type: 'boolean', default: false },
        lang: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.lang === 'zh' || values.lang === 'en') language = values.lang
    else if (values.lang !== undefined) throw new UsageError('--lang 只能是 zh 或 en', '--lang is zh or en')
    if (values.help) {
      output.out(USAGE[language])
      return EXIT.verified
    }
    const [file] = positionals
    if (file === undefined || positionals.length !== 1)
      throw new UsageError('请给出一个存证文件', 'name one evidence file')
    const options: Options = { file, vkeys: values.vkey, older: values.older, json: values.json }
    const findings = await verifyFile(options)
    if (options.json) output.out(JSON.stringify(reportJson(findings)))
    else for (const line of reportLines(findings, language)) output.out(line)
    return exitOf(findings)
  } catch (error) {
    const en = error instanceof Error ? error.message : String(error)
    const text = language === 'zh' && error instanceof UsageError ? error.zh : en
    output.err(`oiltrail-verify: ${text}`)
    if (!(error instanceof UsageError) || error.message.startsWith('name')) output.err(USAGE[language])
    return EXIT.unusable
  }
}

function exitOf({ report }: Findings): number {
  if (!report.ok) return EXIT.failed
  return report.trust === 'auditor' ? EXIT.verified : EXIT.unattributed
}

async function verifyFile(options: Options): Promise<Findings> {
  const vkeys = await readVkeys(options.vkeys)
  const older = options.older === undefined ? undefined : await readSmall(options.older)
  const trust: Trust = older === undefined ? { vkeys } : { vkeys, older }
  const inspector = new UplinkInspector(platform)
  const verifier = new EvidenceVerifier(platform, trust, inspector)
  const startedAt = performance.now()
  let complete: boolean
  try {
    complete = await eachLine(options.file, (line) => verifier.line(line))
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new UsageError(
      `无法读取 ${options.file}(${error.code})`,
      `cannot read ${options.file} (${error.code})`,
    )
  }
  const report = verifier.finish(complete)
  const elapsedSeconds = (performance.now() - startedAt) / 1000
  return { file: options.file, report, counts: inspector.counts, vkeys, elapsedSeconds }
}

/** Each argument is a vkey itself or a file with one vkey a line. */
async function readVkeys(texts: readonly string[]): Promise<NoteKey[]> {
  const keys: NoteKey[] = []
  for (const text of texts) {
    const direct = parseVkey(platform.sha256, text.trim())
    if (direct.ok) {
      keys.push(direct.value)
      continue
    }
    const lines = (await readSmall(text)).split('\n').filter((line) => line.trim() !== '')
    for (const line of lines) {
      const key = parseVkey(platform.sha256, line.trim())
      if (!key.ok)
        throw new UsageError(
          `${text} 不是验证公钥`,
          `${text} does not hold a verifier key: ${key.problem.detail}`,
        )
      keys.push(key.value)
    }
    if (lines.length === 0) throw new UsageError(`${text} 是空文件`, `${text} is empty`)
  }
  return keys
}

/** Reads a small text file; of a larger one, or of a device that never ends, no more than tells that it is too large. */
async function readSmall(path: string): Promise<string> {
  const most = NOTE_LIMITS.characters
  const bytes = Buffer.alloc(most + 1)
  let length = 0
  try {
    const file = await open(path)
    try {
      for (let read = -1; read !== 0 && length <= most; length += read)
        read = (await file.read(bytes, length, bytes.length - length, null)).bytesRead
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new UsageError(`无法读取 ${path}(${error.code})`, `cannot read ${path} (${error.code})`)
  }
  if (length > most) throw new UsageError(`${path} 过大`, `${path} is too large`)
  return bytes.toString('utf8', 0, length)
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}
