import { parsePort } from '../drivers/address.ts'
import type { DriverConfig, EdgeConfig } from './schema.ts'

/** Steps from the root of a configuration to one of its parts. */
export type Path = readonly PropertyKey[]

/** Something wrong in a configuration; `says` is in both languages. */
export interface Fault {
  readonly path: Path
  readonly says: string
  /** The other part that it contradicts. */
  readonly against?: Path
}

/** Remembers where something was first said, and complains about whoever says it again. */
class Once {
  private readonly first = new Map<string, Path>()
  private readonly faults: Fault[]

  constructor(faults: Fault[]) {
    this.faults = faults
  }

  claim(what: string, path: Path, says: string): void {
    const against = this.first.get(what)
    if (against) this.faults.push({ path, says, against })
    else this.first.set(what, path)
  }
}

/** How the devices on one port are spoken to; one port speaks one way. */
interface Wire {
  readonly speech: string
  readonly settings: string
  readonly channel: string
  readonly path: Path
}

/** Faults that no single field shows. */
export function contradictions(config: EdgeConfig): Fault[] {
  const faults: Fault[] = []
  const once = new Once(faults)
  const wires = new Map<string, Wire>()
  const encrypted = [config.uplink, config.api].some((url) => /^(mqtts|https):/.test(url ?? ''))
  if (config.ca !== undefined && !encrypted)
    faults.push({
      path: ['ca'],
      says: 'uplink 与 api 都未加密,ca 不起作用:应写 mqtts:// 或 https:// / neither uplink nor api is encrypted, so ca does nothing: write mqtts:// or https://',
    })
  config.sites.forEach((site, i) => {
    const at = ['sites', i]
    once.claim(`device ${site.device}`, [...at, 'device'], '采集器编号重复 / the device stands here twice')
    if (!site.device.startsWith(`${config.county}-`))
      faults.push({ path: [...at, 'device'], says: '不属于本县 / does not belong to this county' })
    if (site.enrolCode !== undefined) {
      const path = [...at, 'enrolCode']
      if (config.api === undefined)
        faults.push({ path, says: '登记需要 api 地址 / enrolment needs the address api' })
      once.claim(
        `code ${site.enrolCode}`,
        path,
        '登记码只能用于一台采集器 / an enrolment code is for one device only',
      )
    }
    if (site.volume.length + site.price.length === 0)
      faults.push({ path: [...at, 'device'], says: '未配置任何 driver / has no driver at all' })
    for (const channel of ['volume', 'price'] as const)
      site[channel].forEach((driver, j) => {
        const path = [...at, channel, j]
        faults.push(...wireFaults(driver, channel, path, wires))
        claimSubjects(driver, path, `${site.device} ${channel}`, once)
      })
  })
  return faults
}

/** What a driver asks of its port against what the port is already used for. */
function wireFaults(driver: DriverConfig, channel: string, path: Path, wires: Map<string, Wire>): Fault[] {
  const address = parsePort(driver.port)
  if (!address.ok) return []
  const modbus = driver.driver === 'pulse' || driver.driver === 'arm'
  if (modbus && address.value.kind === 'serial' && driver.framing === 'tcp')
    return [
      {
        path: [...path, 'framing'],
        says: '串口上只有 Modbus RTU / on a serial port Modbus is RTU',
      },
    ]
  const { kind, key, ...settings } = address.value
  const framing = modbus ? (kind === 'serial' ? 'rtu' : (driver.framing ?? 'tcp')) : ''
  const speech = modbus
    ? `modbus ${framing}`
    : driver.driver === 'taxport'
      ? `taxport ${driver.dialect}`
      : 'gauge'
  const mine: Wire = { speech, settings: JSON.stringify(settings), channel, path: [...path, 'port'] }
  const wire = wires.get(key)
  if (!wire) {
    wires.set(key, mine)
    return []
  }
  const fault = (says: string): Fault[] => [{ path: mine.path, says, against: wire.path }]
  if (wire.channel !== channel)
    return fault('油量与单价通道不得共用端口 / the two channels must not share a port')
  if (wire.settings !== mine.settings)
    return fault('同一串口参数不一致 / one serial port has two different settings')
  if (wire.speech !== speech)
    return fault(
      `一个端口只能有一种协议:${wire.speech}、${speech} / one port speaks one protocol: ${wire.speech} and ${speech}`,
    )
  return []
}

/** Names of the site's nozzles, tanks and arms, and the places of the devices that they are read from: each once. */
function claimSubjects(driver: DriverConfig, path: Path, owner: string, once: Once): void {
  const address = parsePort(driver.port)
  const key = address.ok ? address.value.key : driver.port
  const unit = 'unit' in driver ? ` unit ${driver.unit}` : ''
  listed(driver).forEach(({ list, field, subject, number }, k) => {
    once.claim(
      `${owner} ${list} ${subject}`,
      [...path, list, k],
      `${subject} 在本通道中重复 / ${subject} stands twice in this channel`,
    )
    once.claim(
      `${key}${unit} ${field} ${number}`,
      [...path, list, k, field],
      `${field} ${number} 已被读取,同一路信号不得算两次 / ${field} ${number} is read already; nothing may be counted twice`,
    )
  })
}

interface Listed {
  readonly list: string
  readonly field: string
  readonly subject: string
  readonly number: number
}

function listed(driver: DriverConfig): Listed[] {
  switch (driver.driver) {
    case 'gauge':
      return driver.tanks.map(({ tank, number }) => ({
        list: 'tanks',
        field: 'number',
        subject: tank,
        number,
      }))
    case 'arm':
      return driver.arms.map(({ arm, input }) => ({
        list: 'arms',
        field: 'input',
        subject: arm,
        number: input,
      }))
    case 'pulse':
      return driver.nozzles.map(({ nozzle, input }) => ({
        list: 'nozzles',
        field: 'input',
        subject: nozzle,
        number: input,
      }))
    case 'taxport':
      return driver.nozzles.map(({ nozzle, gun }) => ({
        list: 'nozzles',
        field: 'gun',
        subject: nozzle,
        number: gun,
      }))
  }
}
