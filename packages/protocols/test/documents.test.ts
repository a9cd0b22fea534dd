import { readFileSync } from 'node:fs'
import { fromHex } from '@oiltrail/kernel'
import { expect, it } from 'vitest'
import * as modbus from '../src/modbus/index.ts'
import * as taxport from '../src/taxport/index.ts'
import * as tls from '../src/tls350/index.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../README.md')
const devices = read('../../../docs/formats/devices.md')

/** What one count means, as the tables say it. */
const UNITS: Readonly<Record<string, string>> = { Millilitres: '0.1 L', CentiCelsius: '0.1 °C' }

it.each(modbus.REGISTER_BLOCKS.map((block) => [block.name, block] as const))(
  'the README gives every register of the %s block',
  (_name, block) => {
    expect(readme).toContain(`${block.length} registers from`)
    for (const field of block.fields) {
      if ('constant' in field) throw new Error('our own maps have no constants')
      const scaled = 'scale' in field && field.scale !== undefined
      const unit = scaled ? UNITS[/[A-Z][a-z]+(Celsius)?$/.exec(field.name)![0]] : '1'
      const shown = field.type === 'flag' || field.type === 'choice' ? '–' : unit
      expect(readme).toContain(`| ${block.start + field.at} | ${field.type} | ${shown} | \`${field.name}\` |`)
    }
  },
)

it('the table of a module with other registers, as the README gives it, is accepted', () => {
  const json = /```json\n([\s\S]*?)```/.exec(readme)![1]!
  expect(modbus.blockFromTable(modbus.PULSE_INPUT, JSON.parse(json)).ok).toBe(true)
})

it('devices.md names every command, dialect and function, and its frames are frames', () => {
  for (const { command, name } of taxport.TAXPORT_MESSAGES)
    expect(devices).toContain(`| ${command.toString(16)} ${name} |`)
  for (const { name } of taxport.DIALECTS) expect(devices).toContain(`| \`${name}\` |`)
  for (const { functionCode, name } of tls.TLS_REPORTS)
    expect(devices).toContain(`| ${functionCode} ${name} |`)
  const frames = [...devices.matchAll(/^ {4}(bb(?: [0-9a-f]{2})+)/gm)].map((m) => m[1]!)
  expect(frames).toHaveLength(4)
  for (const frame of frames) expect(taxport.readFrame(fromHex(frame.replaceAll(' ', ''))!).ok).toBe(true)
})
