import { codeWords } from '../log/codes.ts'
import type { Language } from '../settings.tsx'
import { formatLitres, formatMoment, formatNumber, formatYuan } from '../text/format.ts'
import type { Words } from '../text/zh.ts'

const MINUTE_MS = 60_000

/** Units that end a fact's name, longest first, with how such a number is shown. */
const UNITS: readonly (readonly [ending: string, show: (value: number, language: Language) => string])[] = [
  ['MillilitresPerMinute', (value) => `${formatLitres(value, 2)} L/min`],
  ['MillilitresPerHour', (value) => `${formatLitres(value, 3)} L/h`],
  ['Milliseconds', (value, language) => spanText(value, language)],
  ['Millilitres', (value) => `${formatLitres(value, 2)} L`],
  ['FenPerLitre', (value) => `${formatYuan(value)} ¥/L`],
  ['Micrometres', (value) => `${formatNumber(value / 1000, 1)} mm`],
  ['CentiCelsius', (value) => `${formatNumber(value / 100, 1)} °C`],
  ['PercentFull', (value) => `${formatNumber(value)} %`],
  ['PerMille', (value) => `${formatNumber(value, 1)} ‰`],
  ['Percent', (value) => `${formatNumber(value, 2)} %`],
  ['Minutes', (value, language) => spanText(value * MINUTE_MS, language)],
  ['Ohms', (value) => `${formatNumber(value)} Ω`],
  ['Fen', (value) => `¥ ${formatYuan(value)}`],
]

/** Facts without a unit in their name whose number is a moment. */
const MOMENT = /^(at|since|before|after|darkFrom|darkTo|(?:[a-zA-Z]+)At)$/
/** Moments lie after this; a smaller number of the same name is a number. */
const EARLIEST_MOMENT = Date.UTC(2000, 0, 1)
/** Facts whose number is a place in an order and not an amount. */
const ORDINAL = /^(position|[a-zA-Z]*Seq)$/

/** A span in its two coarsest units: `3 小时 12 分`, `2 d 4 h`. */
export function spanText(milliseconds: number, language: Language): string {
  const names = language === 'zh' ? [' 天', ' 小时', ' 分', ' 秒'] : [' d', ' h', ' min', ' s']
  const sizes = [86_400, 3_600, 60, 1]
  let left = Math.max(0, Math.round(milliseconds / 1000))
  const counts = sizes.map((size) => {
    const count = Math.floor(left / size)
    left -= count * size
    return count
  })
  const first = counts.findIndex((count) => count > 0)
  if (first < 0) return `0${names[3]}`
  const parts = [0, 1].flatMap((more) => {
    const count = counts[first + more]
    return count ? [`${formatNumber(count)}${names[first + more]}`] : []
  })
  return parts.join(' ')
}

function unitOf(key: string): (typeof UNITS)[number] | undefined {
  const capital = key.charAt(0).toUpperCase() + key.slice(1)
  return UNITS.find(([ending]) => capital.endsWith(ending))
}

/** `volumeMillilitres` → `油量`; a name nobody has translated is shown as it stands, taken apart. */
export function factLabel(key: string, words: Words): string {
  return words.factName[key] ?? key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

/** `20261123` → `2026-11-23`, `202611` → `2026-11`, as tax memories name their days and months. */
function periodText(label: string): string {
  return label.replace(/^(\d{4})(\d{2})(\d{2})?$/, (_, year: string, month: string, day?: string) =>
    [year, month, ...(day ? [day] : [])].join('-'),
  )
}

/** What a text among the facts means: grades, codes and choices in words, names and identities as they are. */
function meaning(key: string, value: string, language: Language, words: Words): string {
  if (value === '') return '—'
  if (key === 'grade') return (words.gradeFull as Readonly<Record<string, string>>)[value] ?? value
  if (key === 'code') return `${codeWords(value, language)} (${value})`
  if (key === 'label') return periodText(value)
  return words.factValue[key]?.[value] ?? value
}

/** A fact's value with its unit, which its name tells; empty unit for names nobody knows. */
export function factText(key: string, value: number | string, language: Language, words: Words): string {
  if (typeof value === 'string') return meaning(key, value, language, words)
  if (words.factValue[key]) return words.factValue[key][String(value)] ?? formatNumber(value)
  if (ORDINAL.test(key)) return `#${formatNumber(value)}`
  const unit = unitOf(key)
  if (unit) return unit[1](value, language)
  if (MOMENT.test(key) && value >= EARLIEST_MOMENT) return formatMoment(value)
  const counted = words.factUnit[key]
  return `${formatNumber(value, Number.isInteger(value) ? 0 : 2)}${counted ? ` ${counted}` : ''}`
}

/** A setting's value with its unit; yes and no for switches. */
export function settingText(value: number, unit: string): string {
  if (unit === 'mL' && Math.abs(value) >= 1_000) return `${formatLitres(value, value % 1_000 ? 2 : 0)} L`
  const decimals = Number.isInteger(value) ? 0 : 2
  return unit === '' ? formatNumber(value, decimals) : `${formatNumber(value, decimals)} ${unit}`
}
