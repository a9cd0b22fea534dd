import { parsePort } from './address.ts'
import { BytePort } from './byteport.ts'
import { ModbusPort } from './modbus.ts'

/** The open ports of one process, each opened once however many drivers name it. */
export class PortPool {
  private readonly bytes = new Map<string, BytePort>()
  private readonly modbus = new Map<string, ModbusPort>()

  /** The line at an address that the configuration has checked. */
  bytePort(text: string): BytePort {
    let port = this.bytes.get(text)
    if (!port) {
      port = new BytePort(addressOf(text))
      this.bytes.set(text, port)
    }
    return port
  }

  modbusPort(text: string, framing: 'tcp' | 'rtu'): ModbusPort {
    let port = this.modbus.get(text)
    if (!port) {
      port = new ModbusPort(addressOf(text), framing)
      this.modbus.set(text, port)
    }
    return port
  }

  async close(): Promise<void> {
    await Promise.all([...this.bytes.values(), ...this.modbus.values()].map((port) => port.close()))
  }
}

function addressOf(text: string): Extract<ReturnType<typeof parsePort>, { ok: true }>['value'] {
  const address = parsePort(text)
  if (!address.ok) throw new Error(address.problem.detail)
  return address.value
}
