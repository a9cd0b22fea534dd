import type { BoardQuirk } from '../devices/conditions.ts'
import type { Fault } from './fault.ts'

/** The port is open, the board answers nothing (主板不答): the logical half of a lost link. */
export const boardSilent: Fault = {
  name: 'board-silent',
  zh: '加油机主板不应答',
  en: 'The board of a dispenser does not answer',
  subject: 'dispenser',
  begin({ devices, boards }) {
    const conditions = boards.map(({ dispenser }) => devices.conditions.boards.get(dispenser.plan.dispenser)!)
    for (const condition of conditions) condition.silent = true
    return () => {
      for (const condition of conditions) condition.silent = false
    }
  },
}

/** Both ports of the board are unplugged (拔线): the physical half of a lost link. */
export const portClosed: Fault = {
  name: 'port-closed',
  zh: '加油机通信线被拔',
  en: 'The ports of a dispenser are unplugged',
  subject: 'dispenser',
  only: 'live',
  begin({ boards }) {
    const ports = boards.flatMap(({ tax, communication }) => [tax, communication])
    // Opening waits for closing: the same port number must be free again.
    const closed = Promise.all(ports.map((port) => port.close()))
    return () => {
      void closed.then(() => Promise.all(ports.map((port) => port.open()))).catch(() => undefined)
    }
  },
}

function quirk(name: BoardQuirk, zh: string, en: string): Fault {
  return {
    name,
    zh,
    en,
    subject: 'dispenser',
    begin({ devices, boards }) {
      const conditions = boards.map(
        ({ dispenser }) => devices.conditions.boards.get(dispenser.plan.dispenser)!,
      )
      for (const condition of conditions) condition.quirks.add(name)
      return () => {
        for (const condition of conditions) condition.quirks.delete(name)
      }
    },
  }
}

/** A day without sales is answered with STATUS 0 instead of zeros. */
export const noSaleToday: Fault = quirk(
  'no-sale-today',
  '主板对当日无交易答“无数据”',
  'A board answers "nothing" for a day without sales',
)
/** For a minute after midnight the day total is still yesterday's. */
export const midnight: Fault = quirk(
  'midnight',
  '主板零点后一分钟内仍给出前一日日累',
  "For a minute after midnight a board still gives yesterday's day total",
)
