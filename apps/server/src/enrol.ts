import { parseArgs } from 'node:util'
import { DEVICE_PATTERN, ProblemError, SITE_PATTERN } from '@oiltrail/kernel'
import { readAdminToken } from './access.ts'

/** Help of `oiltrail enrol`. */
export const ENROL_HELP = `  --device, --site     the collector and the registered site it stands at / 采集器编号与已登记的站点
  --valid-seconds N    how long the code may be used, 60 to 2592000 (86400) / 登记码有效秒数
  --api URL            the running platform (http://127.0.0.1:$OILTRAIL_PORT) / 运行中的平台地址
  --data DIR           its data folder, for the administrator's token (OILTRAIL_DATA, ./data) / 平台数据目录(含管理员令牌)
`

/** A platform that is busy answers within a second; one that does not answer at all is not waited for. */
const ANSWER_TIMEOUT_MS = 30_000

type Environment = Readonly<Record<string, string | undefined>>

/** `oiltrail enrol`: asks the running platform for a one-time code and prints it. Exit code 1 when the platform refuses. */
export async function issueCode(args: readonly string[], env: Environment): Promise<number> {
  const { api, data, order } = readOrder(args, env)
  const token = await readAdminToken(data)
  const answer = await ask(new URL('/api/enrol-codes', api), token, order)
  const body = await answer.text()
  if (!answer.ok) {
    process.stderr.write(`oiltrail: ${answer.status} ${wordsOf(body)}\n`)
    return 1
  }
  process.stdout.write(`${(JSON.parse(body) as { code: string }).code}\n`)
  return 0
}

interface Order {
  readonly device: string
  readonly site: string
  readonly validSeconds: number
}

function readOrder(args: readonly string[], env: Environment): { api: string; data: string; order: Order } {
  const values = parse(args)
  const { device = '', site = '' } = values
  if (!DEVICE_PATTERN.test(device)) throw invalid('--device', 'reads 520327-S001-A / 应形如 520327-S001-A')
  if (!SITE_PATTERN.test(site)) throw invalid('--site', 'reads S001 / 应形如 S001')
  const seconds = values['valid-seconds'] ?? '86400'
  if (!/^[0-9]{1,7}$/.test(seconds)) throw invalid('--valid-seconds', 'a whole number / 应为整数')
  const api = values.api ?? `http://127.0.0.1:${env.OILTRAIL_PORT || '8080'}`
  if (!/^https?:\/\//.test(api) || !URL.canParse(api))
    throw invalid('--api', 'reads http://127.0.0.1:8080 / 应形如 http://127.0.0.1:8080')
  return {
    api,
    data: values.data ?? (env.OILTRAIL_DATA || './data'),
    order: { device, site, validSeconds: Number(seconds) },
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    const options = { device: text, site: text, 'valid-seconds': text, api: text, data: text }
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new ProblemError({
      code: 'CONFIG_INVALID',
      detail: error instanceof Error ? error.message : String(error),
    })
  }
}

/** The platform's answer. What keeps us from it is thrown as the system told it, so that it can be explained. */
async function ask(url: URL, token: string, order: Order): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    if (typeof (cause as NodeJS.ErrnoException).code === 'string') throw cause
    throw invalid('--api', `${String(cause)} / 平台没有应答`)
  }
}

/** A refusal of ours says what is wrong; anything else is shown as it came. */
function wordsOf(body: string): string {
  try {
    const { code, detail } = JSON.parse(body) as { code?: unknown; detail?: unknown }
    if (typeof code === 'string' && typeof detail === 'string') return `${code}: ${detail}`
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  return body.slice(0, 1_000)
}

function invalid(where: string, detail: string): ProblemError {
  return new ProblemError({ code: 'CONFIG_INVALID', detail, where })
}
