import { readFile } from 'node:fs/promises'
import { ProblemError } from '@oiltrail/kernel'

/** Another platform that this one hands its log on to. */
export interface ShareTarget {
  /** Base address, without credentials and without a slash at the end; it is the target's name on record. */
  readonly url: string
  /** The other platform's administrator token, for statements; without it only batches are handed on. */
  readonly token: string | undefined
  /** PEM of the authority that signed its certificate, when no public one did. */
  readonly ca: Buffer | undefined
}

/** Settings as they were given. */
export interface ShareSettings {
  /** Addresses, comma separated. */
  readonly urls: string | undefined
  /** Files of tokens, comma separated, in the order of the addresses; one alone serves all. */
  readonly tokenFiles: string | undefined
  readonly caFile: string | undefined
}

/** Each target costs a reader of the log and connections; a county answers to a handful of authorities. */
const MOST_TARGETS = 8
const LOOPBACK = /^(?:127\.[0-9.]+|localhost|\[::1\])$/

/** Reads where to share. Throws CONFIG_INVALID that names the setting. */
export async function readShareTargets(settings: ShareSettings): Promise<ShareTarget[]> {
  const urls = list(settings.urls).map(addressOf)
  const files = list(settings.tokenFiles)
  if (urls.length > MOST_TARGETS || new Set(urls).size !== urls.length)
    throw invalid(
      'OILTRAIL_SHARE_URL',
      `at most ${MOST_TARGETS} addresses, each once / 至多 ${MOST_TARGETS} 个地址,不得重复`,
    )
  if (files.length > 1 && files.length !== urls.length)
    throw invalid(
      'OILTRAIL_SHARE_TOKEN_FILE',
      'one file for all addresses, or one for each / 只给一个文件供全部地址共用,或每个地址一个',
    )
  const ca = settings.caFile === undefined ? undefined : await read('OILTRAIL_SHARE_CA', settings.caFile)
  return Promise.all(
    urls.map(async (url, i) => {
      const file = files.length === 1 ? files[0] : files[i]
      const token = file && (await read('OILTRAIL_SHARE_TOKEN_FILE', file)).toString('utf8').trim()
      if (token !== undefined && !/^[A-Za-z0-9_-]{1,128}$/.test(token))
        throw invalid('OILTRAIL_SHARE_TOKEN_FILE', 'the file holds no token / 文件中没有令牌')
      return { url, token, ca }
    }),
  )
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** What leaves the house is encrypted; only a platform on this very machine may be spoken to in plain text. */
function addressOf(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid(
      'OILTRAIL_SHARE_URL',
      'not an address; it reads https://HOST[:PORT][/PATH] / 不是地址,应形如 https://主机[:端口][/路径]',
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid(
      'OILTRAIL_SHARE_URL',
      'an address holds neither credentials nor a question / 地址中不得含用户口令或查询参数',
    )
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.test(url.hostname)))
    throw invalid(
      'OILTRAIL_SHARE_URL',
      `${url.host} must be reached by https: / 须以 https: 访问 ${url.host}`,
    )
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

async function read(where: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalid(where, `the file cannot be read: ${reason} / 无法读取该文件`)
  }
}

function invalid(where: string, detail: string): ProblemError {
  return new ProblemError({ code: 'CONFIG_INVALID', detail, where })
}
