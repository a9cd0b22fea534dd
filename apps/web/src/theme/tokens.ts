import type { Grade } from '@oiltrail/domain'

/** Every colour on screen has its name here; components and charts use the names only. */
export interface Tokens {
  /** Page, panel, and hovered or selected surface. */
  ground: string
  surface: string
  raised: string
  /** Hairlines between things, and the fainter ones inside charts. */
  line: string
  grid: string
  /** Text: full, secondary, and the least that is still legible (≥ 4.5:1 on `surface`). */
  ink: string
  inkSoft: string
  inkFaint: string
  /** The brand: oil. `amberInk` is amber as text, `onAmber` text upon amber. */
  amber: string
  amberInk: string
  onAmber: string
  link: string
  ok: string
  attention: string
  urgent: string
  /** Grades of alarms, gravest first; always with their shape and word as well. */
  alarmRed: string
  alarmOrange: string
  alarmYellow: string
  alarmBlue: string
  /** We do not know: offline, gap. Always hatched or hollow as well. */
  unknown: string
  hatch: string
  water: string
  /** What a number wears for a second after it changed. */
  mark: string
  mapLand: string
  mapEdge: string
  road: string
}

/** Dark ink for the wall: deep blue-black ground, no glow. */
const wall: Tokens = {
  ground: '#08121d',
  surface: '#0d1a28',
  raised: '#142638',
  line: '#1d3246',
  grid: '#18293a',
  ink: '#e9eff5',
  inkSoft: '#aebdcb',
  inkFaint: '#7f93a6',
  amber: '#e59a2e',
  amberInk: '#f2b456',
  onAmber: '#14100a',
  link: '#9cc4ea',
  ok: '#4fae94',
  attention: '#f07a35',
  urgent: '#ef5350',
  alarmRed: '#ff5d5a',
  alarmOrange: '#f58a3c',
  alarmYellow: '#f0cf52',
  alarmBlue: '#5fb0ee',
  unknown: '#8394a4',
  hatch: '#4a5d70',
  water: '#4d8fcc',
  mark: '#3a2f17',
  mapLand: '#10202f',
  mapEdge: '#3a556f',
  road: '#27405a',
}

/** Paper for the office. */
const office: Tokens = {
  ground: '#f4f5f2',
  surface: '#ffffff',
  raised: '#f0f2ef',
  line: '#dde2e0',
  grid: '#e9ecea',
  ink: '#14202b',
  inkSoft: '#46545f',
  inkFaint: '#65737e',
  amber: '#d98a1b',
  amberInk: '#8f5600',
  onAmber: '#14100a',
  link: '#1a4f80',
  ok: '#26866c',
  attention: '#c2500c',
  urgent: '#bd2130',
  alarmRed: '#c01f2e',
  alarmOrange: '#c95708',
  alarmYellow: '#9a7400',
  alarmBlue: '#1f6fb2',
  unknown: '#7d8a95',
  hatch: '#b9c2c8',
  water: '#3a7ab8',
  mark: '#ffe9bf',
  mapLand: '#eef0ec',
  mapEdge: '#9aa7b0',
  road: '#cdd4d6',
}

export const THEMES = { wall, office } as const
export type ThemeName = keyof typeof THEMES

/**
 * One colour for each grade on every screen and on paper. Chosen to differ in lightness as well as hue, so that they stay
 * apart for colour-blind eyes and in grey print, with ≥ 3:1 on both grounds.
 */
export const GRADE_COLOURS: Readonly<Record<Grade, string>> = {
  '92': '#d98a1b',
  '95': '#3d86c6',
  '98': '#b8609f',
  '0': '#2b9a78',
  '-10': '#86941f',
  '-20': '#7c75c4',
  '-35': '#a5694f',
}

/**
 * Colours of series that are not grades (places, nozzles), in their order; what is left over is drawn in `unknown`. Ink, plum
 * and pine, each dark and pale in turn: neighbours differ in lightness, and none can be taken for a grade of oil.
 */
export const SERIES_COLOURS = ['#27425c', '#8fa8bd', '#5a3a63', '#c4aed0', '#3c6134', '#a8c2b4'] as const

/** Puts a theme's colours on the document as `--name` properties. */
export function applyTheme(name: ThemeName): void {
  const root = document.documentElement
  root.dataset.theme = name
  for (const [token, colour] of Object.entries(THEMES[name])) root.style.setProperty(`--${token}`, colour)
}
