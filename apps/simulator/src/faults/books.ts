import { HOUR_MS } from '@oiltrail/kernel'
import type { NozzleTampering } from '../physics/tampering.ts'
import { type Fault, type FaultTarget, inForce } from './fault.ts'

/** What a cheating board shows above its base setting: 0.20 yuan a litre. */
const ADDED_FEN = 20
/** Every fourth sale is kept from the tax memory. */
const HIDDEN_EVERY = 4
/** What is left in the books: 2 % less. */
const BOOKED_SHARE = 0.98
/** The hot key is pressed when somebody comes to look, and again when he has gone. */
const INSPECTION_MS = HOUR_MS
const CHEATING_MS = 3 * HOUR_MS
/** Back by this much: somebody wants to sell ten cubic metres twice. */
const RESET_MILLILITRES = 10_000_000

/** Changes the tampering of the nozzles aimed at, and changes it back. */
export function tamper(
  name: string,
  words: { readonly zh: string; readonly en: string },
  change: Partial<NozzleTampering>,
): Fault {
  return {
    name,
    ...words,
    subject: 'nozzle',
    begin(target) {
      const before = target.nozzles.map(({ tampering }) => ({ ...tampering }))
      for (const { tampering } of target.nozzles) Object.assign(tampering, change)
      return inForce(target, name, () => {
        for (const [i, { tampering }] of target.nozzles.entries()) {
          const honest: Partial<NozzleTampering> = {}
          for (const key of Object.keys(change) as (keyof NozzleTampering)[])
            Object.assign(honest, { [key]: before[i]![key] })
          Object.assign(tampering, honest)
        }
      })
    },
  }
}

export const priceCheat: Fault = tamper(
  'price-cheat',
  { zh: '主板按高于基础设置的单价计价', en: 'The main board charges more than its base setting' },
  { addedFen: ADDED_FEN },
)

export const missingSales: Fault = tamper(
  'missing-sales',
  { zh: '每四笔有一笔不入税控', en: 'One sale in four is kept from the tax memory' },
  { hiddenEvery: HIDDEN_EVERY },
)

export const doubleBooks: Fault = tamper(
  'double-books',
  {
    zh: '后台软件把主板与税控累计同时改小 2 %',
    en: 'Back-office software rewrites board and tax totals by 2 %',
  },
  { bookedShare: BOOKED_SHARE },
)

/** The same software with a hot key: honest for an hour, cheating for three. */
export const hotKey: Fault = {
  name: 'hot-key',
  zh: '改数软件带热键,检查时恢复正常',
  en: 'Rewriting software with a hot key that makes it honest while somebody looks',
  subject: 'nozzle',
  begin(target, at) {
    let over = false
    const turn = (cheating: boolean, now: number): void => {
      if (over) return
      for (const { tampering } of target.nozzles) tampering.bookedShare = cheating ? BOOKED_SHARE : 1
      const lasts = cheating ? CHEATING_MS : INSPECTION_MS
      target.world.agenda.plan(now + lasts, (next) => turn(!cheating, next))
    }
    turn(true, at)
    return inForce(target, 'hot-key', () => {
      over = true
      for (const { tampering } of target.nozzles) tampering.bookedShare = 1
    })
  },
}

function reset({ nozzles }: FaultTarget): void {
  for (const nozzle of nozzles)
    nozzle.boardMillilitres = Math.max(0, nozzle.boardMillilitres - RESET_MILLILITRES)
}

export const totalizerReset: Fault = {
  name: 'totalizer-reset',
  zh: '主板总累被调回 10,000 L',
  en: 'The totalizer of a board is set back by 10,000 L',
  subject: 'nozzle',
  begin(target) {
    reset(target)
    return inForce(target, 'totalizer-reset', () => undefined)
  },
}
