import { DAY_MS } from '@oiltrail/kernel'
import { HEALTH_EVENTS } from '../facts/collector.ts'
import type { Site } from '../registry/site.ts'
import { SiteBook, WindowBook } from './around.ts'
import { CASE_DAY, CASE_SITE, type Play } from './cases.ts'
import type { LoggedEvent } from './event.ts'
import { RULES } from './list.ts'
import { parseEvent } from './notation.ts'
import { SettingsBook } from './settings.ts'

/*
 * Lives of one station, made from a seed: what the tables of cases do not think of. Whole numbers only, so that every machine
 * makes the same. A change here makes other lives, which are recorded anew; it cannot hide what a rule does in its cases.
 */

/** Days of one life: two honest ones, then a misdeed a day. */
const DAYS = 14
const HONEST_DAYS = 2
const MINUTES = 1_440
/** Both lives see every misdeed, in another order. */
export const SEEDS = [1, 6] as const

type Misdeed =
  | 'stolen-at-night'
  | 'totalizer-back'
  | 'unseen-by-board'
  | 'board-low'
  | 'other-price'
  | 'dark'
  | 'line'
  | 'off-hours'
  | 'water'
  | 'self-check'
  | 'door'
  | 'other-board'

const MISDEEDS: readonly Misdeed[] = [
  'stolen-at-night',
  'totalizer-back',
  'unseen-by-board',
  'board-low',
  'other-price',
  'dark',
  'line',
  'off-hours',
  'water',
  'self-check',
  'door',
  'other-board',
]

/** Whole numbers below a bound, by the generator of Marsaglia (xorshift, 32 bits). */
function numbers(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

const two = (value: number): string => String(value).padStart(2, '0')
/** Hundredths as the notation writes them. */
const decimal = (hundredths: number): string => `${Math.trunc(hundredths / 100)}.${two(hundredths % 100)}`

interface Nozzle {
  readonly nozzle: number
  readonly tank: Tank
  /** Totals and sums of the day in hundredths of a litre, and fen. */
  pulses: number
  board: number
  boardFen: number
  day: number
  dayFen: number
}

interface Tank {
  readonly tank: number
  /** Hundredths of a litre. */
  held: number
  /** Minutes for which a delivery still flows. */
  filling: number
  before: number
}

/** Stand for events that the notation has no words for (`load`, `registration`). */
const LOAD = 'load'
const REGISTERED = 'registered'
const PRICE_FEN = 789
/** Below this, in hundredths of a litre, a tank is filled again, with so much a minute. */
const LOW = 900_000
const FILL = { minutes: 20, aMinute: 75_000 } as const

/** One life, written down line by line in the notation of cases. */
class Life {
  readonly lines: { readonly second: number; readonly text: string }[] = []
  readonly #random: (below: number) => number
  readonly #seed: number
  readonly #tanks: readonly Tank[] = [1, 2].map((tank) => ({ tank, held: 2_000_000, filling: 0, before: 0 }))
  readonly #nozzles: readonly Nozzle[] = [1, 2, 3, 4].map((nozzle) => ({
    nozzle,
    tank: this.#tanks[nozzle <= 2 ? 0 : 1]!,
    pulses: 10_000_000,
    board: 10_000_000,
    boardFen: 70_000_000,
    day: 0,
    dayFen: 0,
  }))

  constructor(seed: number) {
    this.#seed = seed
    this.#random = numbers(seed)
    for (let day = 0; day < DAYS; day++) this.#day(day)
    this.lines.sort((a, b) => a.second - b.second)
  }

  #say(second: number, text: string): void {
    this.lines.push({ second, text })
  }

  #day(day: number): void {
    const misdeed = day < HONEST_DAYS ? undefined : MISDEEDS[(this.#seed + day) % MISDEEDS.length]
    const begin = day * MINUTES
    for (let minute = begin; minute < begin + MINUTES; minute++) this.#minute(minute, misdeed)
    if (misdeed !== undefined) this.#once(begin * 60, misdeed)
    for (const nozzle of this.#nozzles) this.#night(nozzle, begin + 1_435, misdeed)
  }

  #minute(minute: number, misdeed: Misdeed | undefined): void {
    const ofDay = minute % MINUTES
    const isDark = misdeed === 'dark' && ofDay >= 600 && ofDay < 840
    const isOpen = ofDay >= 420 && ofDay < 1_320
    const isCustomer = isOpen || (misdeed === 'off-hours' && ofDay < 180)
    for (const nozzle of this.#nozzles)
      if (isCustomer && this.#random(isOpen ? 18 : 60) === 0) this.#sale(minute * 60, nozzle, misdeed, isDark)
    for (const tank of this.#tanks) {
      if (misdeed === 'stolen-at-night' && ofDay >= 120 && ofDay < 240) tank.held -= 200
      this.#fill(minute, tank)
      if (minute % 10 === 0 && !isDark) this.#level(minute * 60, tank, misdeed)
    }
    if (minute % 10 === 5 && !isDark)
      for (const channel of ['volume', 'price']) this.#say(minute * 60, `heard channel=${channel}`)
    if (ofDay === 375) this.#say(minute * 60, LOAD)
    if (minute % 360 === 300 && !isDark)
      for (const { nozzle, pulses } of this.#nozzles)
        this.#say(minute * 60 + 30, `total ${nozzle} T=${decimal(pulses)}`)
  }

  #sale(second: number, nozzle: Nozzle, misdeed: Misdeed | undefined, isDark: boolean): void {
    const volume = 500 + this.#random(5_500)
    nozzle.tank.held -= volume
    nozzle.pulses += volume
    if (isDark) return
    const from = `${Math.trunc(second / 86_400)}d_${clock(second - 120)}`
    const { nozzle: code, pulses } = nozzle
    this.#say(second, `sale ${code} L=${decimal(volume)} T=${decimal(pulses)} from=${from}`)
    if (misdeed === 'unseen-by-board' && this.#random(4) === 0) return
    const shown = misdeed === 'board-low' && volume % 1_000 > 99 ? volume - Math.trunc(volume / 40) : volume
    const price = misdeed === 'other-price' && code === 2 ? PRICE_FEN + 40 : PRICE_FEN
    const fen = Math.trunc((shown * price + 50) / 100)
    nozzle.board += shown
    nozzle.boardFen += fen
    nozzle.day += shown
    nozzle.dayFen += fen
    this.#say(
      second + 3,
      `receipt ${code} L=${decimal(shown)} Y=${decimal(fen)} P=${decimal(price)} T=${decimal(nozzle.board)} TY=${decimal(nozzle.boardFen)}`,
    )
  }

  #fill(minute: number, tank: Tank): void {
    if (tank.filling === 0) {
      if (tank.held >= LOW) return
      tank.filling = FILL.minutes
      tank.before = tank.held
      const grade = tank.tank === 1 ? '92' : '0'
      const slip = `L=${this.#random(2) === 0 ? 15_000 : 15_500} id=N${minute}-${tank.tank}`
      // Every third comes unannounced.
      if (this.#random(3) > 0) this.#say(minute * 60 - 3_600, `notice ${grade} ${slip} tank=${tank.tank}`)
      // Every second is taken back when its oil is in.
      if (minute % 2 === 0)
        this.#say((minute + 2 * FILL.minutes) * 60, `withdrawal notice N${minute}-${tank.tank}`)
      return
    }
    tank.held += FILL.aMinute
    if (--tank.filling > 0) return
    const height = (held: number): number => Math.trunc(held / 1_200)
    const { tank: code, before, held } = tank
    const from = `${Math.trunc(minute / MINUTES)}d_${clock(minute * 60 - FILL.minutes * 60)}`
    this.#say(
      minute * 60 + 40,
      `delivery ${code} L=${decimal(before)}>${decimal(held)} mm=${height(before)}>${height(held)} from=${from}`,
    )
  }

  #level(second: number, { tank, held, filling }: Tank, misdeed: Misdeed | undefined): void {
    const read = held + this.#random(401) - 200
    const water = misdeed === 'water' && tank === 1 ? 5 + (Math.trunc(second / 600) % 144) : 5
    const status = filling > 0 ? ' status=1' : ''
    this.#say(
      second,
      `level ${tank} L=${decimal(read)} mm=${Math.trunc(read / 1_200)} water=${water} C=20.${two(this.#random(50))}${status}`,
    )
  }

  #night(nozzle: Nozzle, minute: number, misdeed: Misdeed | undefined): void {
    const { nozzle: code, day, dayFen } = nozzle
    const hidden = misdeed === 'other-board' ? 20_000 : 0
    const told = Math.max(0, day - hidden)
    this.#say(minute * 60, `board-total ${code} day L=${decimal(told)} Y=${decimal(dayFen)}`)
    const grand = `L=${decimal(nozzle.board)} Y=${decimal(nozzle.boardFen)}`
    this.#say(minute * 60 + 5, `board-total ${code} grand ${grand}`)
    const factory = misdeed === 'other-board' && code === 3 ? 'F9' : `F${code}`
    this.#say(minute * 60 + 10, `board-info ${code} factory=${factory} tax=T1`)
    this.#say(minute * 60 + 15, `line ${code} normal ohms=1000`)
    this.#say(minute * 60 + 20, `price ${code} P=${decimal(PRICE_FEN)}`)
    nozzle.day = 0
    nozzle.dayFen = 0
  }

  /** What happens once on the day of a misdeed, beside its ordinary records. */
  #once(begin: number, misdeed: Misdeed): void {
    const noon = begin + 12 * 3_600
    const say = (after: number, text: string): void => this.#say(noon + after, text)
    if (misdeed === 'totalizer-back') {
      say(1, `total 1 T=${decimal(this.#nozzles[0]!.pulses - 300_000)}`)
      say(2, `total 1 T=${decimal(this.#nozzles[0]!.pulses)} late`)
    }
    if (misdeed === 'line') {
      say(0, 'line 2 cut ohms=9000000')
      say(1_800, 'line 2 normal ohms=1000')
      say(3_600, 'line 3 rewired ohms=1400 phase=b-leads')
      say(5_400, 'flow 3 fuelling L=12')
    }
    if (misdeed === 'water') say(60, 'level 2 L=29400 mm=2550 water=5')
    if (misdeed === 'other-price') say(60, 'price 3 P=12.34')
    if (misdeed === 'self-check')
      HEALTH_EVENTS.forEach((event, i) => {
        const value = event === 'clock-stepped' ? -7_200_000 : 95
        for (const channel of ['volume', 'price'])
          say(i * 600, `health ${event} subject=tcp://x value=${value} channel=${channel}`)
      })
    if (misdeed === 'other-board') say(7_200, REGISTERED)
    if (misdeed === 'door') this.#atTheDoor(say)
    if (misdeed === 'off-hours') {
      const at = `${Math.trunc(begin / 86_400)}d_`
      for (let hour = 8; hour < 20; hour++)
        say(
          hour,
          `window nozzle/4 maintenance id=W${begin}-${hour} from=${at}${two(hour)}:00 to=${at}${two(hour + 1)}:00`,
        )
      say(60, `withdrawal window W${begin}-19`)
    }
  }

  #atTheDoor(say: (after: number, text: string) => void): void {
    for (const code of ['BAD_SIGNATURE', 'CHAIN_BROKEN', 'UNKNOWN_KEY', 'CHAIN_FORK', 'MALFORMED'])
      for (let i = 0; i < 3; i++) say(i, `refusal ${code}`)
    say(10, 'refused-record CLOCK_FUTURE sale')
    say(20, 'gap-opened 5-9')
    say(7_200, 'gap-passed 5-9 channel=price')
    say(90_000, 'gap-filled 5-9')
    say(30, 'gap-passed 15-19')
    say(40, 'key algorithm=Ed25519')
    say(50, 'device revoked')
    say(3_650, 'device enrolled')
  }
}

/** `HH:MM:SS` of a second; the day before counts as the day's beginning. */
function clock(second: number): string {
  const ofDay = ((second % 86_400) + 86_400) % 86_400
  return `${two(Math.trunc(ofDay / 3_600))}:${two(Math.trunc(ofDay / 60) % 60)}:${two(ofDay % 60)}`
}

/** A litre through a depot arm, at the moment of another event. */
function load({ at, loggedAt, ref, site }: LoggedEvent, batch: number): LoggedEvent {
  const litre = { volumeMillilitres: 1_000, volume20Millilitres: 1_000, temperatureCentiCelsius: 2_000 }
  return {
    type: 'fact',
    at,
    loggedAt,
    ref,
    site,
    device: '520327-S001-A',
    channel: 'volume',
    late: false,
    fact: {
      seq: ref.seq,
      at,
      kind: 'load',
      arm: 'A1',
      batch,
      ...litre,
      totalMillilitres: 90_000_000 + batch * 1_000,
      startedAt: at - 60_000,
    },
  }
}

/** The site gets a dispenser of another make from the moment of another event on. */
function registration({ at, loggedAt, ref, site }: LoggedEvent): LoggedEvent {
  const dispensers = CASE_SITE.dispensers.map((each) => ({ ...each, maker: '乙', factoryNumber: '9' }))
  const document = { ...STATION, dispensers, effectiveAt: at }
  return { type: 'registration', at, loggedAt, ref, site, document }
}

const STATION: Site = { ...CASE_SITE, arms: [{ arm: 'A1', tank: '1' }] }

/** The life of a station with a seed, as an engine takes it; books serve once. */
export function lifeOf(seed: number): Play {
  let loads = 0
  const events = new Life(seed).lines.map(({ second, text }, i) => {
    const read = (what: string): LoggedEvent =>
      parseEvent(`${Math.floor(second / 86_400)}d ${clock(second)} ${what}`, i, CASE_SITE.site, CASE_DAY)
    if (text === REGISTERED) return registration(read('heard'))
    return text === LOAD ? load(read('heard'), ++loads) : read(text)
  })
  const sites = new SiteBook()
  sites.take(STATION)
  const settings = new SettingsBook(RULES.map((rule) => [rule.id, rule.settings]))
  const until = CASE_DAY + (DAYS + 2) * DAY_MS
  return { events, books: { sites, settings, windows: new WindowBook() }, until }
}
