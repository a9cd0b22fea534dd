import { asciiBytes, ok, type Result, refuse } from '@oiltrail/kernel'

/** One command in computer format: SOH, optional security code, function, tank. */
export interface Command {
  /** Letter and three hexadecimal digits, for example `i201`. Lower case asks for the computer format. */
  readonly functionCode: string
  /** Tank 1 … 99, or 0 for all. */
  readonly tank: number
  /** Six characters, when the console is set up to want them. A console answers nothing to a wrong one. */
  readonly securityCode?: string
}

/** Characters of a security code. */
export const SECURITY_CODE_LENGTH = 6

const PLAIN = /^([A-Za-z][0-9A-F]{3})([0-9]{2})$/
const SECURED = /^([!-~]{6})([A-Za-z][0-9A-F]{3})([0-9]{2})$/

/** Bytes of a command, ended by CR LF. Throws RangeError when a part cannot be written. */
export function writeCommand(command: Command): Uint8Array {
  const { functionCode, tank, securityCode } = command
  const text = `${securityCode ?? ''}${functionCode}${String(tank).padStart(2, '0')}`
  if (!(securityCode === undefined ? PLAIN : SECURED).test(text)) throw new RangeError(`no command: ${text}`)
  return asciiBytes(`\x01${text}\r\n`)
}

/** Reads the text of a command. Refuses MALFORMED. */
export function readCommand(text: string): Result<Command> {
  const plain = PLAIN.exec(text)
  if (plain) return ok({ functionCode: plain[1]!, tank: Number(plain[2]) })
  const secured = SECURED.exec(text)
  if (secured) return ok({ functionCode: secured[2]!, tank: Number(secured[3]), securityCode: secured[1]! })
  return refuse('MALFORMED', 'not [security code] function tank')
}
