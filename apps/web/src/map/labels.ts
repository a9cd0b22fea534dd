import type { Point } from './projection.ts'

/** A label that wants a place beside its anchor. Earlier labels in a list go first. */
export interface LabelWish {
  readonly id: string
  readonly text: string
  /** What to write when there is no room for `text`. */
  readonly shortText?: string
  readonly anchor: Point
  /** Height of the type and clear distance from the anchor, map units. */
  readonly size: number
  readonly distance: number
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface PlacedLabel {
  readonly id: string
  readonly text: string
  readonly x: number
  /** Baseline. */
  readonly y: number
  readonly align: 'start' | 'middle' | 'end'
  readonly box: Box
}

/** Width of a text in map units: a Chinese character is as wide as it is high, a Latin one a little over half. */
export function textWidth(text: string, size: number): number {
  let width = 0
  for (const character of text) width += /[\u2e80-\uffee]/.test(character) ? size : size * 0.56
  return width
}

/** Whether two boxes share any area. */
export function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/** Places tried in this order: right, left, above, below, then the corners. */
const TRIES: readonly { dx: number; dy: number; align: PlacedLabel['align'] }[] = [
  { dx: 1, dy: 0, align: 'start' },
  { dx: -1, dy: 0, align: 'end' },
  { dx: 0, dy: -1, align: 'middle' },
  { dx: 0, dy: 1, align: 'middle' },
  { dx: 0.8, dy: -0.9, align: 'start' },
  { dx: 0.8, dy: 0.9, align: 'start' },
  { dx: -0.8, dy: -0.9, align: 'end' },
  { dx: -0.8, dy: 0.9, align: 'end' },
  { dx: 0, dy: 1.9, align: 'middle' },
  { dx: 0, dy: -1.9, align: 'middle' },
]

function placeAt(wish: LabelWish, attempt: (typeof TRIES)[number]): PlacedLabel {
  const width = textWidth(wish.text, wish.size)
  const x = wish.anchor[0] + attempt.dx * wish.distance
  const middle = wish.anchor[1] + attempt.dy * (wish.distance + wish.size * 0.35)
  const left = attempt.align === 'start' ? x : attempt.align === 'end' ? x - width : x - width / 2
  const half = wish.size * 0.6
  return {
    id: wish.id,
    text: wish.text,
    x,
    y: middle + wish.size * 0.35,
    align: attempt.align,
    box: { left, top: middle - half, right: left + width, bottom: middle + half },
  }
}

/** Gives every label the first free place; one that finds none even when short is left out, for an unreadable heap helps nobody. */
export function placeLabels(wishes: readonly LabelWish[], obstacles: readonly Box[]): PlacedLabel[] {
  const taken: Box[] = [...obstacles]
  const placed: PlacedLabel[] = []
  for (const wish of wishes) {
    const texts = wish.shortText === undefined ? [wish.text] : [wish.text, wish.shortText]
    const label = texts
      .flatMap((text) => TRIES.map((attempt) => placeAt({ ...wish, text }, attempt)))
      .find((candidate) => !taken.some((box) => overlaps(box, candidate.box)))
    if (!label) continue
    taken.push(label.box)
    placed.push(label)
  }
  return placed
}
