import { ok, type Result } from '@oiltrail/kernel'

/** Where a device is plugged in: a serial line of this box, or a serial server or module on the network. */
export type PortAddress =
  | {
      readonly kind: 'tcp'
      /** The same for every way to write the same port. */
      readonly key: string
      readonly host: string
      readonly port: number
    }
  | {
      readonly kind: 'serial'
      readonly key: string
      readonly path: string
      readonly baudRate: number
      readonly parity: 'none' | 'even' | 'odd'
      readonly dataBits: 7 | 8
      readonly stopBits: 1 | 2
    }

const PARITIES = ['none', 'even', 'odd'] as const
/** The rates in use from loop-powered gauges to fast serial servers. */
const BAUD_RATES = [300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200]
const SERIAL_OPTIONS = ['baud', 'parity', 'data', 'stop']

/**
 * Reads `tcp://host:port` or `serial:///dev/ttyS1?baud=9600&parity=none&data=8&stop=1` (9600 8N1 unless said otherwise).
 * Refuses CONFIG_INVALID; `detail` says why in both languages.
 */
export function parsePort(text: string): Result<PortAddress> {
  if (!URL.canParse(text))
    return wrong(
      '端口须写作 tcp://主机:端口 或 serial:///dev/ttyS1?baud=9600&parity=none',
      'a port reads tcp://host:port or serial:///dev/ttyS1?baud=9600&parity=none',
    )
  const url = new URL(text)
  if (url.protocol === 'tcp:') return tcpPort(url)
  if (url.protocol === 'serial:') return serialPort(url)
  return wrong('端口须以 tcp:// 或 serial:// 开头', 'a port begins with tcp:// or serial://')
}

function wrong(zh: string, en: string): { ok: false; problem: { code: 'CONFIG_INVALID'; detail: string } } {
  return { ok: false, problem: { code: 'CONFIG_INVALID', detail: `${zh} / ${en}` } }
}

function tcpPort(url: URL): Result<PortAddress> {
  const port = Number(url.port)
  if (!url.hostname || port < 1)
    return wrong('TCP 端口须写作 tcp://主机:端口', 'a TCP port reads tcp://host:port')
  if (url.search || url.hash || url.username || url.password || (url.pathname !== '' && url.pathname !== '/'))
    return wrong(
      'tcp://主机:端口 之后不得再有内容(波特率等在串口服务器上设置)',
      'nothing may follow tcp://host:port (baud rate and the like are set in the serial server)',
    )
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  return ok({ kind: 'tcp', key: `tcp ${host} ${port}`, host, port })
}

function serialPort(url: URL): Result<PortAddress> {
  const path = decoded(url.pathname)
  if (url.hostname || path === undefined || path.length < 2)
    return wrong(
      '串口须写作 serial:///dev/ttyS1(三个斜杠)',
      'a serial port reads serial:///dev/ttyS1 (three slashes)',
    )
  const options = [...url.searchParams.keys()]
  const unknown = options.find((name) => !SERIAL_OPTIONS.includes(name))
  if (unknown !== undefined)
    return wrong(
      `串口参数 ${unknown} 未知,可用:${SERIAL_OPTIONS.join('、')}`,
      `unknown option ${unknown} of a serial port, there are ${SERIAL_OPTIONS.join(', ')}`,
    )
  if (new Set(options).size < options.length)
    return wrong('串口参数重复', 'an option of the serial port stands twice')
  const option = (name: string, usual: string): string => url.searchParams.get(name) ?? usual
  const baudRate = Number(option('baud', '9600'))
  const parity = PARITIES.find((name) => name === option('parity', 'none'))
  const dataBits = Number(option('data', '8'))
  const stopBits = Number(option('stop', '1'))
  if (!BAUD_RATES.includes(baudRate))
    return wrong(`波特率须为 ${BAUD_RATES.join('、')} 之一`, `baud must be one of ${BAUD_RATES.join(', ')}`)
  if (!parity)
    return wrong(`parity 须为 ${PARITIES.join('、')} 之一`, `parity must be one of ${PARITIES.join(', ')}`)
  if (dataBits !== 7 && dataBits !== 8) return wrong('data 须为 7 或 8', 'data must be 7 or 8')
  if (stopBits !== 1 && stopBits !== 2) return wrong('stop 须为 1 或 2', 'stop must be 1 or 2')
  return ok({ kind: 'serial', key: `serial ${path}`, path, baudRate, parity, dataBits, stopBits })
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
