import { ok, type Result, refuse } from '@oiltrail/kernel'

/** Where a device is plugged in: a serial line of this box, or a serial server or module on the network. */
export type PortAddress =
  | { readonly kind: 'tcp'; readonly text: string; readonly host: string; readonly port: number }
  | {
      readonly kind: 'serial'
      readonly text: string
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
 * Refuses CONFIG_INVALID.
 */
export function parsePort(text: string): Result<PortAddress> {
  const wrong = (detail: string): Result<PortAddress> =>
    refuse('CONFIG_INVALID', `${text}: ${detail}`, 'port')
  if (!URL.canParse(text)) return wrong('not an address')
  const url = new URL(text)
  if (url.protocol === 'tcp:') {
    const port = Number(url.port)
    if (!url.hostname || port < 1 || url.search || (url.pathname !== '' && url.pathname !== '/'))
      return wrong('a TCP port reads tcp://host:port')
    return ok({ kind: 'tcp', text, host: url.hostname.replace(/^\[|\]$/g, ''), port })
  }
  if (url.protocol !== 'serial:') return wrong('begins with neither tcp:// nor serial://')
  const path = decodeURIComponent(url.pathname)
  if (url.hostname || path.length < 2) return wrong('a serial port reads serial:///dev/ttyS1')
  for (const name of url.searchParams.keys())
    if (!SERIAL_OPTIONS.includes(name)) return wrong(`unknown option ${name}`)
  const baudRate = Number(url.searchParams.get('baud') ?? 9600)
  const parity = PARITIES.find((name) => name === (url.searchParams.get('parity') ?? 'none'))
  const dataBits = Number(url.searchParams.get('data') ?? 8)
  const stopBits = Number(url.searchParams.get('stop') ?? 1)
  if (!BAUD_RATES.includes(baudRate)) return wrong(`baud must be one of ${BAUD_RATES.join(', ')}`)
  if (!parity) return wrong(`parity must be one of ${PARITIES.join(', ')}`)
  if (dataBits !== 7 && dataBits !== 8) return wrong('data must be 7 or 8')
  if (stopBits !== 1 && stopBits !== 2) return wrong('stop must be 1 or 2')
  return ok({ kind: 'serial', text, path, baudRate, parity, dataBits, stopBits })
}
