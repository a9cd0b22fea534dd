import { ALGORITHMS } from '@oiltrail/evidence'
import { COUNTY_PATTERN, DEVICE_PATTERN } from '@oiltrail/kernel'
import { taxport } from '@oiltrail/protocols'
import { z } from 'zod'
import { parsePort } from '../drivers/address.ts'

/** What is wrong, in both languages; the loader adds file, line and column. */
function say(zh: string, en: string): { error: string } {
  return { error: `${zh} / ${en}` }
}

/** More sites in one process would make one crash too expensive; a county has 21. */
export const MAX_SITES = 64
/** A dispenser island's board has two guns, a pulse module 16 inputs, a gauge 16 tanks. */
const MAX_SUBJECTS = 32

const subject = z
  .string(say('须为文本(加引号)', 'must be text (quote it)'))
  .regex(/^[A-Z0-9]{1,8}$/, say('须为 1–8 位大写字母或数字', 'must be 1–8 upper-case letters or digits'))

const port = z.string(say('须为端口地址', 'must be the address of a port')).superRefine((text, context) => {
  const parsed = parsePort(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.problem.detail })
})

const integer = (low: number, high: number) =>
  z
    .int(say(`须为 ${low}–${high} 的整数`, `must be an integer ${low}–${high}`))
    .min(low, say(`须为 ${low}–${high} 的整数`, `must be an integer ${low}–${high}`))
    .max(high, say(`须为 ${low}–${high} 的整数`, `must be an integer ${low}–${high}`))

const some = <T extends z.ZodType>(item: T) =>
  z
    .array(item, say('须为列表', 'must be a list'))
    .min(1, say('至少要有一项', 'needs at least one entry'))
    .max(MAX_SUBJECTS, say(`最多 ${MAX_SUBJECTS} 项`, `at most ${MAX_SUBJECTS} entries`))

/** A Modbus module is spoken to in Modbus TCP unless it hangs behind a serial server (`framing: rtu`). */
const framing = z.enum(['tcp', 'rtu'], say('须为 tcp 或 rtu', 'must be tcp or rtu')).optional()

const pulse = z.strictObject({
  driver: z.literal('pulse'),
  port,
  unit: integer(1, 247),
  framing,
  nozzles: some(
    z.strictObject({
      nozzle: subject,
      input: integer(0, 7),
      /** Pulses of one phase per litre of oil. */
      pulsesPerLitre: integer(1, 100_000),
      /** Loop resistance of the intact line; learned at the first start when absent. */
      loopOhms: integer(1, 60_000).optional(),
    }),
  ),
})

const DIALECT_NAMES = taxport.DIALECTS.map((dialect) => dialect.name)

const board = z.strictObject({
  driver: z.literal('taxport'),
  port,
  dialect: z
    .string(say('须为税控口方言名', 'must be the name of a tax port dialect'))
    .refine(
      (name) => taxport.dialectNamed(name) !== undefined,
      say(`须为 ${DIALECT_NAMES.join('、')} 之一`, `must be one of ${DIALECT_NAMES.join(', ')}`),
    ),
  nozzles: some(z.strictObject({ nozzle: subject, gun: integer(0, 255) })),
})

const gauge = z.strictObject({
  driver: z.literal('gauge'),
  port,
  /** The gauge's security code, if one is set in it. */
  securityCode: z
    .string(say('须为文本(加引号)', 'must be text (quote it)'))
    .regex(/^[ -~]{6}$/, say('须为 6 个字符', 'must be 6 characters'))
    .optional(),
  pollSeconds: integer(5, 600).optional(),
  tanks: some(z.strictObject({ tank: subject, number: integer(1, 99) })),
})

const arm = z.strictObject({
  driver: z.literal('arm'),
  port,
  unit: integer(1, 247),
  framing,
  arms: some(z.strictObject({ arm: subject, input: integer(0, 3) })),
})

const driverKinds = say(
  'driver 须为 pulse、taxport、gauge 或 arm',
  'driver must be pulse, taxport, gauge or arm',
)
const drivers = <T extends z.ZodType>(driver: T) =>
  z
    .array(driver, say('须为列表', 'must be a list'))
    .max(MAX_SUBJECTS, say(`最多 ${MAX_SUBJECTS} 项`, `at most ${MAX_SUBJECTS} entries`))
    .default([])
const volumeDriver = z.discriminatedUnion('driver', [pulse, board, gauge, arm], driverKinds)
const priceDriver = z.discriminatedUnion(
  'driver',
  [board],
  say('单价通道的 driver 须为 taxport', 'the driver of a price channel must be taxport'),
)

const site = z.strictObject({
  device: z
    .string(say('须为采集器编号', 'must be a device id'))
    .regex(DEVICE_PATTERN, say('采集器编号形如 520327-S001-A', 'a device id looks like 520327-S001-A')),
  enrolCode: z
    .string(say('须为文本', 'must be text'))
    .regex(
      /^[A-Za-z0-9-]{4,64}$/,
      say('登记码只含字母、数字和连字符', 'an enrolment code has letters, digits and hyphens'),
    )
    .optional(),
  algorithm: z
    .enum(ALGORITHMS, say(`须为 ${ALGORITHMS.join('、')} 之一`, `must be one of ${ALGORITHMS.join(', ')}`))
    .default('SM2-SM3'),
  volume: drivers(volumeDriver),
  price: drivers(priceDriver),
})

/** An address of the platform: protocol, host and port, nothing else; credentials come from enrolment. */
const address = (protocols: readonly string[]) =>
  z
    .string(say('须为地址', 'must be an address'))
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      say(
        `须以 ${protocols.map((name) => `${name}//`).join('、')} 之一开头`,
        `must begin with ${protocols.map((name) => `${name}//`).join(', ')}`,
      ),
    )
    .refine(
      (text) => {
        if (!URL.canParse(text)) return true
        const { hostname, username, password, pathname, search, hash } = new URL(text)
        const nothingElse =
          !username && !password && !search && !hash && (pathname === '' || pathname === '/')
        return hostname !== '' && nothingElse
      },
      say('只写 协议://主机:端口,不带路径与密码', 'reads protocol://host:port, without path or password'),
    )

const folder = z.string(say('须为目录', 'must be a folder')).min(1, say('不得为空', 'must not be empty'))

/** The configuration file of a collector; docs/formats/collector.md §1. */
export const configSchema = z.strictObject({
  county: z
    .string(say('须为文本:县代码加引号', 'must be text: quote the county code'))
    .regex(COUNTY_PATTERN, say('须为 6 位行政区划代码', 'must be the six digits of a county')),
  uplink: address(['mqtt:', 'mqtts:', 'http:', 'https:']),
  /** PEM file of the authority that signed the platform's certificate. */
  ca: z
    .string(say('须为 PEM 文件的路径', 'must be the path of a PEM file'))
    .min(1, say('不得为空', 'must not be empty'))
    .optional(),
  api: address(['http:', 'https:']).optional(),
  directory: folder,
  history: folder.optional(),
  /** Bound of each spool. A month of a busy site takes about 10 MB. */
  spoolMegabytes: integer(1, 65_536).default(128),
  sites: z
    .array(site, say('须为列表', 'must be a list'))
    .min(1, say('至少要有一个站点', 'needs at least one site'))
    .max(MAX_SITES, say(`最多 ${MAX_SITES} 个站点`, `at most ${MAX_SITES} sites`)),
})

/** A checked configuration. Paths are as written. */
export type EdgeConfig = z.infer<typeof configSchema>
export type SiteConfig = EdgeConfig['sites'][number]
export type PulseConfig = z.infer<typeof pulse>
export type TaxportConfig = z.infer<typeof board>
export type GaugeConfig = z.infer<typeof gauge>
export type ArmConfig = z.infer<typeof arm>
export type DriverConfig = z.infer<typeof volumeDriver>
