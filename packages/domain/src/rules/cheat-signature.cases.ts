import { defineCases } from './cases.ts'
import { cheatSignature } from './cheat-signature.ts'

/** Sales every ten minutes from 08:00; `board` says what the board shows of each: nothing at all, or nothing that the collector saw (`unseen`). */
function sales(
  volumes: readonly number[],
  board: (volume: number, index: number) => number | 'unseen' | undefined,
): string {
  let pulses = 1_000
  let total = 50_000
  const two = (value: number): string => String(value).padStart(2, '0')
  // A pair is judged when both channels have told of the next customer: one more closes the day.
  return [...volumes, 10]
    .flatMap((volume, i) => {
      const at = `${two(8 + Math.floor(i / 6))}:${two((i % 6) * 10)}`
      pulses += volume
      const shown = i < volumes.length ? board(volume, i) : volume
      const lines = [`${at} sale 1 L=${volume} T=${pulses.toFixed(2)}`]
      if (shown === 'unseen') total += volume
      if (typeof shown !== 'number') return lines
      total += shown
      return [
        ...lines,
        `${at}:03 receipt 1 L=${shown.toFixed(2)} Y=${(shown * 7.89).toFixed(2)} P=7.89 T=${total.toFixed(2)} TY=9`,
      ]
    })
    .join('\n')
}

const ORDINARY = Array.from({ length: 24 }, (_, i) => 25 + ((i * 7) % 30))

export default defineCases(cheatSignature, [
  {
    what: 'every sixth sale is neither shown nor counted by the board',
    events: sales(ORDINARY, (volume, i) => (i % 6 === 4 ? undefined : volume)),
    expect: [
      '11:00:03 ▲ nozzle/1 永和加油站 1 号枪 11-23 08:40–10:50 18 笔加油中 3 笔(135.0 L)主板既未上报也未累计',
      '12:00:03 ▲ nozzle/1 永和加油站 1 号枪 11-23 08:40–11:50 24 笔加油中 4 笔(164.0 L)主板既未上报也未累计',
    ],
  },
  {
    what: 'the board is right for 20, 50 and 100 L, and 2 % low for everything else',
    events: sales([20, ...ORDINARY.slice(0, 6), 50, ...ORDINARY.slice(6, 12), 100], (volume) =>
      [20, 50, 100].includes(volume) ? volume : volume * 0.98,
    ),
    expect: [
      '10:30:03 ▲ nozzle/1 永和加油站 1 号枪 11-23 08:00–10:20 检定油量 3 笔无误差,其余 12 笔主板偏差 -2.00 %',
    ],
  },
  {
    what: 'at a quarter to ten somebody presses the hot key',
    events: sales(ORDINARY, (volume, i) => (i < 10 ? volume * 0.98 : volume)),
    expect: [
      '10:40:03 ▲ nozzle/1 永和加油站 1 号枪 主板偏差 -2.00 % 于 11-23 09:40 起突然消失,前后各连续多笔一致',
    ],
    expectEn: [
      "永和加油站, nozzle 1: the board's error of -2.00 % vanished at 11-23 09:40, with runs of sales alike before and after",
    ],
  },
  {
    what: 'the price channel is blind for five sales: the board did count them',
    events: sales(ORDINARY, (volume, i) => (i >= 5 && i < 10 ? 'unseen' : volume)),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a verification: twelve test volumes, all right, among honest sales',
    events: sales([20, 20, 50, 50, 100, 100, ...ORDINARY], (volume) => volume),
    expect: [],
    nearMiss: true,
  },
])
