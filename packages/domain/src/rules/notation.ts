import { type Channel, type EpochMs, isProblemCode } from '@oiltrail/kernel'
import { CHANNEL_OF_KIND, type FactKind, type RecordedFact, recordSchema } from '../facts/index.ts'
import type { DeliveryNotice, HeardEvent, LoggedEvent, QuietWindow } from './event.ts'

/*
 * Short notation of events for case tables: `<time> <what> <words …> <key=value …>`. Times `14:02`, `14:02:30`, `2d 14:02`
 * (two days later), `-1d 14:02`. Units as people speak: L litres, T totalizer in litres, Y yuan, P yuan per litre, mm, C °C.
 *
 *   14:02 sale 3 L=30.5 T=1000.5 from=14:00      14:02 level 1 L=8000 mm=1200 water=12 C=20.5
 *   14:02 total 3 T=1000.5                       14:02 delivery 1 L=8000>18000 mm=900>1900 C=18>20 from=13:40
 *   14:02 line 3 cut ohms=900000                 14:02 flow 3 fuelling L=12
 *   14:02 price 3 P=7.89                         14:02 load A1 L=8000 T=90000 from=13:30
 *   14:02 receipt 3 L=30.5 Y=240.65 P=7.89 T=1000.5 TY=9000    14:02 board-total 3 day L=900 Y=7101
 *   14:02 board-info 3 factory=F1 tax=T1 oil=1020 clock=202611231402
 *   14:02 health mains-lost subject=tcp://x value=3
 *   14:02 heard          14:02 refusal BAD_SIGNATURE          14:02 refused-record CLOCK_FUTURE sale
 *   14:02 gap-opened 5-9     14:02 gap-filled 5-9     14:02 gap-passed 5-9     14:02 device revoked
 *   14:02 notice 92 L=10000 tank=1 expected=15:00 supplier=X   14:02 window nozzle/3 verification from=14:00 to=15:00
 *   14:02 withdrawal notice N1
 *
 * Any line: `logged=14:05` (receipt, when later), `channel=price`, `device=520327-S001-B`, `seq=7`, `late`.
 * Positions count 1, 2, 3 … by line; seq is the same unless given.
 */

interface Line {
  readonly at: EpochMs
  readonly words: readonly string[]
  readonly values: Readonly<Record<string, string>>
  readonly day: EpochMs
}

function fail(line: string, why: string): never {
  throw new Error(`case line "${line}": ${why}`)
}

function timeOf(text: string, day: EpochMs): EpochMs {
  const match = /^(?:(-?[0-9]+)d )?([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?$/.exec(text)
  if (!match) throw new Error(`"${text}" is no time of a case`)
  const [, days = '0', hours, minutes, seconds = '0'] = match
  return day + ((Number(days) * 24 + Number(hours)) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
}

function splitLine(text: string, day: EpochMs): Line {
  const match = /^((?:-?[0-9]+d )?[0-9:]+) +(.+)$/.exec(text)
  if (!match) fail(text, 'it must begin with a time')
  const words: string[] = []
  const values: Record<string, string> = {}
  for (const token of match[2]!.split(/ +/)) {
    const equals = token.indexOf('=')
    if (equals < 0) words.push(token)
    else values[token.slice(0, equals)] = token.slice(equals + 1)
  }
  return { at: timeOf(match[1]!, day), words, values, day }
}

const thousandths = (text: string | undefined, otherwise = 0): number =>
  text === undefined ? otherwise : Math.round(Number(text) * 1_000)
const hundredths = (text: string | undefined, otherwise = 0): number =>
  text === undefined ? otherwise : Math.round(Number(text) * 100)
/** `from=14:00` or `from=-1d_14:00`. */
const timeIn = (line: Line, key: string, otherwise: EpochMs): EpochMs =>
  line.values[key] === undefined ? otherwise : timeOf(line.values[key]!.replace('_', ' '), line.day)
const pair = (text: string | undefined, scale: (part: string | undefined) => number): [number, number] => {
  const [from, to] = (text ?? '0>0').split('>')
  return [scale(from), scale(to ?? from)]
}

type Body = (line: Line) => Record<string, unknown>

const FACTS: Readonly<Record<FactKind, Body>> = {
  sale: ({ at, values: v, words, ...line }) => ({
    nozzle: words[1],
    volumeMillilitres: thousandths(v.L),
    totalMillilitres: thousandths(v.T),
    startedAt: timeIn({ at, values: v, words, ...line }, 'from', at - 60_000),
    source: v.source ?? 'pulse',
    ...(v.pulses === undefined ? {} : { pulses: Number(v.pulses) }),
  }),
  flow: ({ values: v, words }) => ({
    nozzle: words[1],
    state: words[2],
    volumeMillilitres: thousandths(v.L),
  }),
  load: (line) => ({
    arm: line.words[1],
    volumeMillilitres: thousandths(line.values.L),
    totalMillilitres: thousandths(line.values.T),
    startedAt: timeIn(line, 'from', line.at - 600_000),
  }),
  level: ({ values: v, words }) => ({
    tank: words[1],
    heightMicrometres: thousandths(v.mm, 1_000_000),
    waterMicrometres: thousandths(v.water),
    temperatureCentiCelsius: hundredths(v.C, 2_000),
    volumeMillilitres: thousandths(v.L),
    correctedMillilitres: thousandths(v.net ?? v.L),
    ullageMillilitres: thousandths(v.ullage),
    statusBits: Number(v.status ?? 0),
  }),
  delivery: (line) => {
    const { values: v, words } = line
    const [startMillilitres, endMillilitres] = pair(v.L, thousandths)
    const [startMicrometres, endMicrometres] = pair(v.mm, thousandths)
    const [startCentiCelsius, endCentiCelsius] = pair(v.C ?? '20>20', hundredths)
    return {
      tank: words[1],
      startedAt: timeIn(line, 'from', line.at - 1_200_000),
      startMillilitres,
      endMillilitres,
      startMicrometres,
      endMicrometres,
      startCentiCelsius,
      endCentiCelsius,
    }
  },
  total: ({ values: v, words }) => ({
    nozzle: words[1],
    totalMillilitres: thousandths(v.T),
    source: v.source ?? 'pulse',
  }),
  line: ({ values: v, words }) => ({
    nozzle: words[1],
    state: words[2],
    loopOhms: Number(v.ohms ?? 1_000),
    phase: v.phase ?? 'a-leads',
  }),
  price: ({ values: v, words }) => ({ nozzle: words[1], priceFenPerLitre: hundredths(v.P) }),
  receipt: ({ values: v, words }) => ({
    nozzle: words[1],
    volumeMillilitres: thousandths(v.L),
    amountFen: hundredths(v.Y),
    priceFenPerLitre: hundredths(v.P),
    boardTime: v.board ?? '231402',
    totalMillilitres: thousandths(v.T),
    totalFen: hundredths(v.TY),
  }),
  'board-total': ({ values: v, words }) => ({
    nozzle: words[1],
    period: words[2],
    label: v.label ?? { day: '20261123', month: '202611' }[words[2] ?? ''] ?? '',
    volumeMillilitres: thousandths(v.L),
    amountFen: hundredths(v.Y),
  }),
  'board-info': ({ values: v, words }) => ({
    nozzle: words[1],
    factoryNumber: v.factory ?? '',
    taxpayerNumber: v.tax ?? '',
    oilCode: v.oil ?? '1020',
    boardClock: v.clock ?? '202611231402',
  }),
  health: ({ values: v, words }) => ({
    event: words[1],
    subject: v.subject ?? '',
    ...(v.value === undefined ? {} : { value: Number(v.value) }),
  }),
  key: ({ values: v }) => ({ algorithm: v.algorithm ?? 'SM2-SM3', publicKey: v.public ?? 'AA==' }),
}

function isFactKind(text: string): text is FactKind {
  return Object.hasOwn(FACTS, text)
}

/** Reads one line of a case. Throws, naming the line, when it is not in the notation or no valid fact. */
export function parseEvent(text: string, index: number, site: string, day: EpochMs): LoggedEvent {
  const line = splitLine(text, day)
  const [what = ''] = line.words
  const { values: v, at } = line
  const kindChannel = isFactKind(what) ? CHANNEL_OF_KIND[what] : 'volume'
  const channel = (v.channel ?? (kindChannel === 'both' ? 'volume' : kindChannel)) as Channel
  const device = v.device ?? `520327-${site || 'S001'}-A`
  const position = index + 1
  const seq = Number(v.seq ?? position)
  const base = { at, loggedAt: timeIn(line, 'logged', at), ref: { position, seq }, site, device, channel }
  if (!isFactKind(what)) return otherEvent(text, line, base)
  const body = FACTS[what](line)
  const fact = recordSchema.safeParse({ seq, at, kind: what, ...body })
  if (!fact.success)
    fail(text, fact.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  return { type: 'fact', ...base, fact: fact.data as RecordedFact, late: line.words.includes('late') }
}

type Base = Pick<HeardEvent, 'at' | 'loggedAt' | 'ref' | 'site' | 'device' | 'channel'>

function otherEvent(text: string, line: Line, base: Base): LoggedEvent {
  const [what = '', word = '', second = ''] = line.words
  const entry = { ...base, ref: { position: base.ref.position, seq: 0 } }
  switch (what) {
    case 'heard':
      return { type: 'heard', ...entry, firstSeq: base.ref.seq, lastSeq: base.ref.seq }
    case 'refusal':
      return isProblemCode(word)
        ? { type: 'refusal', ...entry, code: word }
        : fail(text, `${word} is no code`)
    case 'refused-record':
      return isProblemCode(word) && isFactKind(second)
        ? { type: 'refused-record', ...base, code: word, kind: second }
        : fail(text, 'it needs a code and a kind')
    case 'gap-opened':
    case 'gap-filled':
    case 'gap-passed': {
      const [first, last] = word.split('-').map(Number)
      return { type: what, ...entry, firstSeq: first ?? 0, lastSeq: last ?? 0 }
    }
    case 'device':
      return { type: 'device', ...entry, action: word === 'revoked' ? 'revoked' : 'enrolled' }
    case 'notice':
      return { type: 'notice', ...entry, notice: noticeOf(line, base.site, word as DeliveryNotice['grade']) }
    case 'window':
      return { type: 'window', ...entry, window: windowOf(line, base.site, word, second) }
    case 'withdrawal':
      return word === 'notice' || word === 'window'
        ? { type: 'withdrawal', ...entry, withdrawal: { of: word, name: second, site: base.site } }
        : fail(text, 'it needs a notice or a window')
    default:
      return fail(text, `${what} is no fact and no event`)
  }
}

function noticeOf(line: Line, site: string, grade: DeliveryNotice['grade']): DeliveryNotice {
  const { values: v } = line
  return {
    notice: v.id ?? 'N1',
    site,
    grade,
    ...(v.tank === undefined ? {} : { tank: v.tank }),
    volumeMillilitres: thousandths(v.L),
    expectedAt: timeIn(line, 'expected', line.at),
    supplier: v.supplier ?? '示例油库',
    ...(v.plate === undefined ? {} : { plate: v.plate }),
  }
}

function windowOf(line: Line, site: string, part: string, purpose: string): QuietWindow {
  return {
    window: line.values.id ?? 'W1',
    site,
    part: part === 'site' ? '' : part,
    purpose: (purpose || 'maintenance') as QuietWindow['purpose'],
    from: timeIn(line, 'from', line.at),
    to: timeIn(line, 'to', line.at + 3_600_000),
    note: '',
  }
}
