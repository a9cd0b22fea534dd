import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AlarmView } from '@oiltrail/contract'
import { type Collector, openStand, type Stand, until } from '../../apps/server/test/stand.ts'
import { siteOf } from '../../apps/server/test/views.history.ts'

/** A real server with its real rules, and two stations whose collectors a test lets speak. */

const MINUTE = 60_000
/** Names by which people know the sites. */
export const NAMES = { S001: '永和加油站', S002: '龙泉加油站' } as const
type Site = keyof typeof NAMES
type Record_ = Record<string, unknown>

export interface AlarmStand {
  readonly base: string
  readonly token: string
  readonly stand: Stand
  /** The collector of a site states records of its volume channel; resolves when the rules have seen them. */
  tell(site: Site, ...records: readonly Record_[]): Promise<void>
  get<T>(path: string): Promise<T>
  alarms(query: string): Promise<AlarmView[]>
  post<T>(path: string, body: unknown): Promise<T>
  /** The server's clock. */
  now(): number
}

/** A pulse line's state, some minutes ago. */
export function line(now: number, minutes: number, nozzle: string, state: 'normal' | 'cut'): Record_ {
  const loopOhms = state === 'cut' ? 900_000 : 1_000
  return { at: now - minutes * MINUTE, kind: 'line', nozzle, state, loopOhms, phase: 'a-leads' }
}

/** A reading of a tank, some minutes ago. */
export function level(
  now: number,
  minutes: number,
  tank: string,
  litres: number,
  waterMillimetres = 5,
): Record_ {
  const volumeMillilitres = litres * 1_000
  return {
    at: now - minutes * MINUTE,
    kind: 'level',
    tank,
    heightMicrometres: litres * 100,
    waterMicrometres: waterMillimetres * 1_000,
    temperatureCentiCelsius: 2_000,
    volumeMillilitres,
    correctedMillilitres: volumeMillilitres,
    ullageMillilitres: 0,
    statusBits: 0,
  }
}

/** A tank out of which 900 L are gone without a sale: a critical alarm. `minutes` ago it began. */
export function theft(now: number, minutes: number, tank: string): Record_[] {
  const litres = [12_000, 12_000, 11_400, 11_100, 11_100, 11_100]
  return litres.map((each, i) => level(now, minutes - i * 15, tank, each))
}

export async function openAlarmStand(): Promise<AlarmStand> {
  const stand = await openStand()
  const { server, data } = stand
  const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim()
  const now = (): number => Math.floor(server.context.clock.now())
  const collectors = new Map<Site, Collector>()
  for (const [site, name] of Object.entries(NAMES) as [Site, string][]) {
    const document = { ...siteOf(site, { name }), effectiveAt: now() - 86_400_000 }
    const registered = await server.context.desk.registerSite('test', document)
    if (!registered.ok) throw new Error(registered.problem.detail)
    collectors.set(site, await stand.enrol(`520327-${site}-A`))
  }
  const call = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${server.url}${path}`, { ...init, headers })
    const body = (await response.json()) as T
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
    return body
  }
  const get = <T>(path: string): Promise<T> => call<T>(path)
  return {
    base: server.url,
    token,
    stand,
    now,
    get,
    alarms: async (query) => (await get<{ alarms: AlarmView[] }>(`/api/alarms?${query}`)).alarms,
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    async tell(site, ...records) {
      const { volume } = collectors.get(site)!
      const first = volume.lines.length + 1
      volume.write(...records)
      const response = await fetch(`${server.url}/uplink`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(volume.batch(first, volume.lines.length)),
      })
      const receipt = (await response.json()) as { outcome: string }
      if (receipt.outcome !== 'stored') throw new Error(JSON.stringify(receipt))
      const target = server.context.nextPosition()
      await until('the rules follow', () => (server.context.followerPosition('watch') ?? 0) >= target)
    },
  }
}
