import { type PortAddress, parsePort } from './address.ts'
import { BytePort } from './byteport.ts'
import { ModbusPort } from './modbus.ts'

/** The open ports of one process, each opened once however many drivers name it. */
export class PortPool {
  private readonly bytes = new Map<string, BytePort>()
  private readonly modbus = new Map<string, ModbusPort>()

  /** The line at an address that the configuration has checked. */
  bytePort(text: string): BytePort {
    const address = addressOf(text)
    let port = this.bytes.get(address.key)
    if (!port) {
      port = new BytePort(address)
      this.bytes.set(address.key, port)
    }
    return port
  }

  modbusPort(text: string, framing: 'tcp' | 'rtu'): ModbusPort {
    const address = addressOf(text)
    let port = this.modbus.get(address.key)
    if (!port) {
      port = new ModbusPort(address, framing)
      this.modbus.set(address.key, port)
    }
    return port
  }

  async close(): Promise<void> {
    await Promise.all([...this.bytes.values(), ...this.modbus.values()].map((port) => port.close()))
  }
}

function addressOf(text: string): PortAddress {
  const address = parsePort(text)
  if (!address.ok) throw new Error(address.problem.detail)
  return address.value
}
