import type { EpochMs } from '@oiltrail/kernel'

/** What is wrong with a nozzle's supervised pulse line. */
export type LineState = 'normal' | 'cut' | 'shorted' | 'rewired'

export interface LineCondition {
  state: LineState
  /** Pulses that came while the line was cut or shorted and were never counted. */
  lostPulses: number
  /** Count shown when the line broke; the module counts nothing more until it is mended. */
  frozenAt: number | undefined
  /** Flag bits of the module, and until when they are held after their cause is gone. */
  flags: number
  flagsUntil: EpochMs
}

export interface BoardCondition {
  /** The port is open, the board does not answer (主板不答). */
  silent: boolean
  /** Peculiarities of the board's firmware that are switched on. */
  readonly quirks: Set<BoardQuirk>
}

/** `no-sale-today`: a day without sales is answered with STATUS 0. `midnight`: for a minute after midnight the day total is still yesterday's. */
export type BoardQuirk = 'no-sale-today' | 'midnight'

/** What is wrong with the collector itself. On live sockets the collector is somebody else's; there only `unplugged` shows. */
export interface CollectorCondition {
  /** Switched off: it records nothing at all. */
  unplugged: boolean
  /** It records, but nothing reaches the platform. */
  offline: boolean
  /** Its clock was set back by this much. */
  clockBackMs: number
  /** Its price channel was taken off the boards' tax ports. */
  priceBlind: boolean
}

/** Everything that faults can change about the devices of one site. */
export interface SiteConditions {
  mains: boolean
  cabinetOpen: boolean
  readonly gauge: { silent: boolean; delayMs: number }
  readonly arms: { silent: boolean }
  readonly collector: CollectorCondition
  readonly lines: Map<string, LineCondition>
  readonly boards: Map<string, BoardCondition>
}

/** A site on which nothing is wrong. */
export function soundConditions(dispensers: readonly string[], nozzles: readonly string[]): SiteConditions {
  return {
    mains: true,
    cabinetOpen: false,
    gauge: { silent: false, delayMs: 0 },
    arms: { silent: false },
    collector: { unplugged: false, offline: false, clockBackMs: 0, priceBlind: false },
    lines: new Map(
      nozzles.map((nozzle) => [
        nozzle,
        { state: 'normal', lostPulses: 0, frozenAt: undefined, flags: 0, flagsUntil: 0 },
      ]),
    ),
    boards: new Map(
      dispensers.map((dispenser) => [dispenser, { silent: false, quirks: new Set<BoardQuirk>() }]),
    ),
  }
}
