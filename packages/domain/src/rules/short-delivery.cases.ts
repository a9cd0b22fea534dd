import { defineCases } from './cases.ts'
import { shortDelivery } from './short-delivery.ts'

/** A delivery of so many litres on a day, noticed as 10,000 L; 40 L are sold while it runs in. */
function delivery(day: number, litres: number): string {
  const d = day === 0 ? '' : `${day}d `
  const opening = 8_000
  const low = opening - 40
  return `
      ${d}08:00 notice 92 L=10000 tank=1 id=N${day} expected=${d.replace(' ', '_')}10:00
      ${d}09:30 level 1 L=${opening}
      ${d}09:45 level 1 L=${opening}
      ${d}10:10 sale 1 L=40 T=${1_000 + day * 40} from=${d.replace(' ', '_')}10:05
      ${d}10:20 level 1 L=${low + litres} status=1
      ${d}10:21 delivery 1 L=${opening}>${low + litres} from=${d.replace(' ', '_')}09:50
      ${d}10:35 level 1 L=${low + litres}
      ${d}10:50 level 1 L=${low + litres}
      ${d}11:05 level 1 L=${low + litres}`
}

/** A day on which a tank sells from 24,000 down to 10,000 L by what its gauge shows; `shows` is what that makes of a litre metered. */
function soldDown(shows: number, opening = 24_000, day = 0): string {
  const lines: string[] = []
  const sales = Math.round((opening - 10_000) / 250 / shows)
  for (let i = 0; i <= sales; i++) {
    const minutes = i * 20
    const at = (more: number): string =>
      `${day === 0 ? '' : `${day}d `}${String(Math.floor((minutes + more) / 60)).padStart(2, '0')}:${String((minutes + more) % 60).padStart(2, '0')}`
    lines.push(`${at(0)} level 1 L=${(opening - i * 250 * shows).toFixed(1)}`)
    if (i < sales)
      lines.push(`${at(9)} sale 1 L=250 T=${10_000 + (i + 1) * 250} from=${at(1).replace(' ', '_')}`)
  }
  return lines.join('\n')
}

/** The first delivery of the tank after such a day: 10,000 L noticed, so many more shown by the gauge. */
function firstDelivery(shown: number): string {
  return `
      1d 08:00 notice 92 L=10000 tank=1 id=N1 expected=1d_10:00
      1d 09:30 level 1 L=10000
      1d 09:45 level 1 L=10000
      1d 10:21 delivery 1 L=10000>${10_000 + shown} from=1d_09:50
      1d 10:35 level 1 L=${10_000 + shown}
      1d 10:50 level 1 L=${10_000 + shown}
      1d 11:05 level 1 L=${10_000 + shown}`
}

export default defineCases(shortDelivery, [
  {
    what: 'the third delivery of a known tank is 2 % short',
    events: delivery(0, 10_000) + delivery(1, 9_990) + delivery(2, 9_800),
    expect: [
      '11-25 10:50 ▲ tank/1 永和加油站 1 号罐 11-25 09:50–10:21 登记来油 10000.0 L(N2),实收 9805.0 L,短少 195.0 L(允许 123.5 L,20 ℃)',
    ],
    expectEn: [
      '永和加油站, tank 1: 11-25 09:50–10:21 notice N2 of 10000.0 L, received 9805.0 L: 195.0 L short (allowed 123.5 L, 20 °C)',
    ],
  },
  {
    what: 'the very first delivery is 8 % short: more than any chart is wrong',
    events: delivery(0, 9_200),
    expect: [
      '10:50 △ tank/1 永和加油站 1 号罐 11-23 09:50–10:21 登记来油 10000.0 L(N0),实收 9200.0 L,短少 800.0 L(允许 421.8 L,20 ℃)',
    ],
  },
  {
    what: 'the first delivery of a tank is 3 % short, by a chart that its meters have confirmed',
    events: soldDown(1) + firstDelivery(9_700),
    expect: [
      '11-24 10:50 ▲ tank/1 永和加油站 1 号罐 11-24 09:50–10:21 登记来油 10000.0 L(N1),实收 9700.0 L,短少 300.0 L(允许 122.6 L,20 ℃)',
    ],
  },
  {
    what: 'the first delivery of a new tank is 3 % short, which any chart may be; the day after, its meters have drawn it down',
    events: `${delivery(0, 9_700)}\n${soldDown(1, 17_660, 1)}`,
    expect: [
      '11-24 05:00 ▲ tank/1 永和加油站 1 号罐 11-23 09:50–10:21 登记来油 10000.0 L(N0),实收 9710.5 L,短少 289.5 L(允许 239.2 L,20 ℃)',
    ],
  },
  {
    what: 'the first delivery of a new tank looks 3 % short; the day after, its meters say that the chart shows so little of everything',
    events: `${delivery(0, 9_700)}\n${soldDown(0.97, 17_660, 1)}`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the first delivery looks 3 % short, but the meters know this chart: it shows 3 % too little of everything',
    events: soldDown(0.97) + firstDelivery(9_700),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a wrong chart hides what is short: it shows 3 % too much of everything, and the delivery looks whole',
    events: soldDown(1.03) + firstDelivery(10_000),
    expect: [
      '11-24 10:50 ▲ tank/1 永和加油站 1 号罐 11-24 09:50–10:21 登记来油 10000.0 L(N1),实收 9708.7 L,短少 291.3 L(允许 124.0 L,20 ℃)',
    ],
  },
  {
    what: 'a chart that is 3 % wrong makes every delivery look short alike',
    events: delivery(0, 9_700) + delivery(1, 9_710) + delivery(2, 9_695),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a cold delivery into a warm tank: less by volume, the same at 20 °C',
    events: `
      08:00 notice 92 L=10000 tank=1 id=N1 expected=10:00
      09:30 level 1 L=8000 C=20
      09:45 level 1 L=8000 C=20
      10:20 level 1 L=17868 C=14 status=1
      10:21 delivery 1 L=8000>17868 C=20>14 from=09:50
      10:35 level 1 L=17868 C=14
      10:50 level 1 L=17868 C=14`,
    settings: { chartPercent: 0.3 },
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the very first delivery is 8 % short of a notice that was withdrawn: there is nothing to measure it by',
    events: delivery(0, 9_200).replace('09:30', '09:00 withdrawal notice N0\n      09:30'),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'another notice was withdrawn: the very first delivery is as short as before',
    events: delivery(0, 9_200).replace('09:30', '09:00 withdrawal notice N7\n      09:30'),
    expect: [
      '10:50 △ tank/1 永和加油站 1 号罐 11-23 09:50–10:21 登记来油 10000.0 L(N0),实收 9200.0 L,短少 800.0 L(允许 421.8 L,20 ℃)',
    ],
  },
  {
    what: 'a delivery let pass for want of a known chart is not judged again when its notice has been withdrawn',
    events: `${delivery(0, 9_700)}
      15:00 withdrawal notice N0
      ${soldDown(1, 17_660, 1)}`,
    expect: [],
    nearMiss: true,
  },
])
