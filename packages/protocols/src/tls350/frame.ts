import { asciiBytes, asciiText, ok, type Problem, type Result, refuse } from '@oiltrail/kernel'

/** Begins every command and answer. */
export const SOH = 0x01
/** Ends every answer. */
export const ETX = 0x03
const CR = 0x0d
const LF = 0x0a

/** 99 tanks with 10 deliveries of 20 floats each fill about 190,000 characters; more than this is no answer. */
export const LONGEST_ANSWER_BYTES = 262_144
/** A command is at most a security code, a function, a tank and two dates. */
export const LONGEST_COMMAND_BYTES = 64

/** What a decoder found: the text between SOH and its end, or why some bytes are no message. */
export type TextEvent =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly problem: Problem }

/**
 * Checksum of the computer format: 16-bit two's complement of the byte sum from SOH to the last byte before the
 * checksum, as four upper-case hexadecimal digits. `text` is without its SOH.
 */
export function checksumOf(text: string): string {
  let sum = SOH
  for (let i = 0; i < text.length; i++) sum = (sum + text.charCodeAt(i)) & 0xffff
  return (-sum & 0xffff).toString(16).toUpperCase().padStart(4, '0')
}

/** Bytes of an answer in computer format: SOH, text, `&&`, checksum, ETX. */
export function writeAnswerFrame(text: string): Uint8Array {
  const checked = `${text}&&`
  return asciiBytes(`\x01${checked}${checksumOf(checked)}\x03`)
}

/** What a console answers to a command it does not know: `9999`, its checksum, ETX; no `&&`. */
export const UNKNOWN_COMMAND_TEXT = '9999FF1B'

/** Bytes of the answer to an unknown command. */
export function writeUnknownCommand(): Uint8Array {
  return asciiBytes(`\x01${UNKNOWN_COMMAND_TEXT}\x03`)
}

/** What kind of answer a text is, before anything in it is believed. Upper-case functions answer for human eyes. */
export function answerKind(text: string): 'computer' | 'display' | 'unknown-command' | 'neither' {
  if (text === UNKNOWN_COMMAND_TEXT) return 'unknown-command'
  if (/^[a-z][0-9A-F]{3}[0-9]{2}/.test(text)) return 'computer'
  if (/^[\r\n]*[A-Z][0-9A-F]{3}[0-9]{2}/.test(text)) return 'display'
  return 'neither'
}

/**
 * Checks an answer in computer format and returns its text without `&&` and checksum.
 * Refuses UNKNOWN_KIND (the console does not know the command), MALFORMED, BAD_CHECKSUM.
 */
export function checkAnswer(text: string): Result<string> {
  const kind = answerKind(text)
  if (kind === 'unknown-command') return refuse('UNKNOWN_KIND', 'the console does not know the command: 9999')
  if (kind === 'display')
    return refuse('MALFORMED', 'an answer in display format; the computer format is read')
  const match = /^([ -~]*&&)([0-9A-F]{4})$/.exec(text)
  if (!match) return refuse('MALFORMED', 'no && and checksum at the end')
  const computed = checksumOf(match[1]!)
  if (match[2] !== computed) return refuse('BAD_CHECKSUM', `checksum ${match[2]}, computed ${computed}`)
  // The checksum is right, yet it is no function: another device speaks on this line.
  if (kind === 'neither') return refuse('MALFORMED', 'does not begin with a function and a tank')
  return ok(match[1]!.slice(0, -2))
}

/** Takes texts that begin with SOH out of a byte stream, whatever its chunks; memory is bounded. */
class BoundedText {
  private kept: number[] = []
  private state: 'outside' | 'inside' | 'junk' = 'outside'
  private readonly ends: ReadonlySet<number>
  private readonly longest: number

  constructor(ends: ReadonlySet<number>, longest: number) {
    this.ends = ends
    this.longest = longest
  }

  /** Bytes waiting for the rest of their message. */
  get pendingBytes(): number {
    return this.kept.length
  }

  /** Adds bytes; returns what they completed, in order. A stretch of junk is reported once. */
  feed(bytes: Uint8Array): TextEvent[] {
    const events: TextEvent[] = []
    for (const byte of bytes) {
      if (byte === SOH) {
        if (this.state === 'inside') events.push(refuse('MALFORMED', 'a message broken off by the next one'))
        this.kept = []
        this.state = 'inside'
      } else if (this.state !== 'inside') {
        // Consoles and people send line ends between messages; they mean nothing.
        if (this.state === 'outside' && byte !== CR && byte !== LF && byte !== ETX) {
          events.push(refuse('MALFORMED', 'bytes outside of a message'))
          this.state = 'junk'
        }
      } else if (this.ends.has(byte)) {
        events.push(ok(this.take()))
      } else if (this.kept.length === this.longest) {
        events.push(refuse('OVERSIZED', `a message of more than ${this.longest} bytes`))
        this.kept = []
        this.state = 'junk'
      } else this.kept.push(byte)
    }
    return events
  }

  /** Text kept so far; forgets it. */
  protected take(): string {
    const text = asciiText(Uint8Array.from(this.kept))
    this.kept = []
    this.state = 'outside'
    return text
  }

  protected get inside(): boolean {
    return this.state === 'inside'
  }

  /** Forgets an unfinished message and any junk. */
  protected clear(): void {
    this.kept = []
    this.state = 'outside'
  }
}

const ANSWER_ENDS: ReadonlySet<number> = new Set([ETX])
const COMMAND_ENDS: ReadonlySet<number> = new Set([CR, LF, ETX])

/** Collector's side: answers, each from SOH to ETX. */
export class AnswerDecoder extends BoundedText {
  constructor() {
    super(ANSWER_ENDS, LONGEST_ANSWER_BYTES)
  }

  /** The line fell silent: an unfinished answer will not be completed. */
  finish(): TextEvent[] {
    const events: TextEvent[] = this.inside
      ? [refuse('MALFORMED', `an answer cut short after ${this.pendingBytes} bytes`)]
      : []
    this.clear()
    return events
  }
}

/** Console's side: commands, each from SOH to a line end or ETX, or to silence. */
export class CommandDecoder extends BoundedText {
  constructor() {
    super(COMMAND_ENDS, LONGEST_COMMAND_BYTES)
  }

  /** The line fell silent: what came since SOH is the command; not every collector sends a line end. */
  finish(): TextEvent[] {
    const events: TextEvent[] = this.inside ? [ok(this.take())] : []
    this.clear()
    return events
  }
}
