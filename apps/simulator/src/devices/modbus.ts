import { MOST_REGISTERS_PER_READ } from '@oiltrail/protocols/modbus'
import type { Listener } from './port.ts'

/** Transaction, protocol, length, unit (Modbus Messaging on TCP/IP V1.0b §3.1.3). */
const HEADER_BYTES = 7
/** Length counts the unit and a PDU of at most 253 bytes. */
const MOST_LENGTH = 254
const READ_HOLDING_REGISTERS = 3
const ILLEGAL_FUNCTION = 1
const ILLEGAL_DATA_ADDRESS = 2
const ILLEGAL_DATA_VALUE = 3

/** The registers of a unit as they stand now; undefined when no such unit is there or it is dead: silence. */
export type RegisterImage = (unit: number) => ArrayLike<number> | undefined

/** A Modbus TCP module that lets its holding registers be read (function 03) and nothing else. */
export function modbusListener(image: RegisterImage): Listener {
  return (send) => {
    let kept = Buffer.alloc(0)
    return {
      receive(bytes) {
        kept = kept.length === 0 ? Buffer.from(bytes) : Buffer.concat([kept, bytes])
        while (kept.length >= HEADER_BYTES) {
          const length = kept.readUInt16BE(4)
          if (kept.readUInt16BE(2) !== 0 || length < 2 || length > MOST_LENGTH) {
            // Not Modbus: there is no way to find the next frame, so what came is dropped.
            kept = Buffer.alloc(0)
            return
          }
          if (kept.length < 6 + length) return
          const answer = answerTo(kept.subarray(0, 6 + length), image)
          kept = kept.subarray(6 + length)
          if (answer) send(answer)
        }
      },
    }
  }
}

function answerTo(frame: Buffer, image: RegisterImage): Buffer | undefined {
  const registers = image(frame[6]!)
  if (!registers) return undefined
  const pdu = frame.subarray(HEADER_BYTES)
  const header = Buffer.from(frame.subarray(0, HEADER_BYTES))
  const reply = (body: Buffer): Buffer => {
    header.writeUInt16BE(body.length + 1, 4)
    return Buffer.concat([header, body])
  }
  const exception = (code: number): Buffer => reply(Buffer.of(pdu[0]! | 0x80, code))
  if (pdu[0] !== READ_HOLDING_REGISTERS) return exception(ILLEGAL_FUNCTION)
  if (pdu.length !== 5) return exception(ILLEGAL_DATA_VALUE)
  const start = pdu.readUInt16BE(1)
  const count = pdu.readUInt16BE(3)
  if (count < 1 || count > MOST_REGISTERS_PER_READ) return exception(ILLEGAL_DATA_VALUE)
  if (start + count > registers.length) return exception(ILLEGAL_DATA_ADDRESS)
  const body = Buffer.alloc(2 + 2 * count)
  body[0] = READ_HOLDING_REGISTERS
  body[1] = 2 * count
  for (let i = 0; i < count; i++) body.writeUInt16BE(registers[start + i]!, 2 + 2 * i)
  return reply(body)
}
