import { HOUR_MS } from '@oiltrail/kernel'
import { portsOf, type SiteDevices } from '../devices/site-devices.ts'
import { type Fault, inForce } from './fault.ts'

const CLOCK_BACK_MS = 2 * HOUR_MS

/** Closes sockets that listen and opens them again later on the same port; in a history none listens. */
function closed(ports: readonly ReturnType<typeof portsOf>[number][]): () => void {
  const listening = ports.filter((port) => port.listening)
  const done = Promise.all(listening.map((port) => port.close()))
  return () => {
    void done.then(() => Promise.all(listening.map((port) => port.open()))).catch(() => undefined)
  }
}

function blind(devices: SiteDevices): () => void {
  return closed([...devices.boards.values()].map(({ tax }) => tax))
}

/** The collector is pulled out while the station sells on. On live sockets all its lines go dead at once. */
export const unplugged: Fault = {
  name: 'unplugged',
  zh: '采集器被拔下,站点照常售油',
  en: 'The collector is unplugged while the station sells on',
  subject: 'none',
  begin(target) {
    const { collector } = target.devices.conditions
    collector.unplugged = true
    const reopen = closed(portsOf(target.devices))
    return inForce(target, 'unplugged', () => {
      collector.unplugged = false
      reopen()
    })
  },
}

/** The price channel's wires are taken off the tax ports; volume is counted on. */
export const priceBlind: Fault = {
  name: 'price-blind',
  zh: '单价通道被遮蔽(税控口全部拔下)',
  en: 'The price channel is blinded: all tax ports are unplugged',
  subject: 'none',
  begin(target) {
    const { collector } = target.devices.conditions
    collector.priceBlind = true
    const reopen = blind(target.devices)
    return inForce(target, 'price-blind', () => {
      collector.priceBlind = false
      reopen()
    })
  },
}

/** The collector's clock is set back two hours. Live collectors have a clock of their own, which is not the county's. */
export const clockBack: Fault = {
  name: 'clock-back',
  zh: '采集器时钟回拨两小时',
  en: 'The clock of the collector is set back two hours',
  subject: 'none',
  only: 'history',
  begin(target) {
    const { collector } = target.devices.conditions
    collector.clockBackMs = CLOCK_BACK_MS
    return inForce(target, 'clock-back', () => {
      collector.clockBackMs = 0
    })
  },
}

/** Nothing reaches the platform; the collector records on. Live networks are cut by a proxy. */
export const networkDown: Fault = {
  name: 'network-down',
  zh: '站点断网,采集器照常记录',
  en: 'The network of a site is down; its collector records on',
  subject: 'none',
  only: 'history',
  begin(target) {
    const { collector } = target.devices.conditions
    collector.offline = true
    return inForce(target, 'network-down', () => {
      collector.offline = false
    })
  },
}
