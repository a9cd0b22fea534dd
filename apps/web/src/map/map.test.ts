import { FENGGANG } from '@oiltrail/domain'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COUNTY_BOX, type LngLat, OUTLINE, ROADS, TOWN_CENTRES } from './fenggang.ts'
import { type LabelWish, overlaps, placeLabels, textWidth } from './labels.ts'
import { inside, MAP_HEIGHT, MAP_WIDTH, project, smoothPath } from './projection.ts'
import { spread } from './spread.ts'

describe('the schematic of the county', () => {
  it('stays within the published bounding box and touches all four sides of it', () => {
    const lng = OUTLINE.map(([x]) => x)
    const lat = OUTLINE.map(([, y]) => y)
    expect([Math.min(...lng), Math.max(...lng)]).toEqual([COUNTY_BOX.west, COUNTY_BOX.east])
    expect([Math.min(...lat), Math.max(...lat)]).toEqual([COUNTY_BOX.south, COUNTY_BOX.north])
  })

  it('has every town of the county inside its outline, and roads between known towns only', () => {
    expect(Object.keys(TOWN_CENTRES).sort()).toEqual(FENGGANG.towns.map((town) => town.code).sort())
    for (const [code, centre] of Object.entries(TOWN_CENTRES))
      expect(inside(centre, OUTLINE), code).toBe(true)
    for (const stop of ROADS.flat())
      if (typeof stop === 'string') expect(TOWN_CENTRES[stop], stop).toBeDefined()
  })

  it('does not cross itself', () => {
    const cross = (a: LngLat, b: LngLat, c: LngLat): number =>
      Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
    const edges = OUTLINE.map((point, i) => [point, OUTLINE[(i + 1) % OUTLINE.length]!] as const)
    for (const [i, [a, b]] of edges.entries())
      for (const [j, [c, d]] of edges.entries()) {
        if (Math.abs(i - j) <= 1 || Math.abs(i - j) === edges.length - 1) continue
        const crosses = cross(a, b, c) !== cross(a, b, d) && cross(c, d, a) !== cross(c, d, b)
        expect(crosses, `edges ${i} and ${j}`).toBe(false)
      }
  })
})

describe('projection', () => {
  it('puts the corners of the box at the corners of the map, north above', () => {
    expect(project([COUNTY_BOX.west, COUNTY_BOX.north])).toEqual([0, 0])
    const [x, y] = project([COUNTY_BOX.east, COUNTY_BOX.south])
    expect(x).toBeCloseTo(MAP_WIDTH)
    expect(y).toBeCloseTo(MAP_HEIGHT)
  })

  it('keeps distances true in both directions at the middle of the county', () => {
    const kilometre = 1 / 111.195
    const middle = (COUNTY_BOX.north + COUNTY_BOX.south) / 2
    const [x0, y0] = project([107.7, middle])
    const [x1] = project([107.7 + kilometre / Math.cos((middle * Math.PI) / 180), middle])
    const [, y1] = project([107.7, middle - kilometre])
    expect(x1 - x0).toBeCloseTo(y1 - y0, 6)
  })

  it('draws a smooth path through all points and closes it when asked', () => {
    const path = smoothPath(
      [
        [0, 0],
        [10, 0],
        [10, 10],
      ],
      true,
    )
    expect(path.match(/C/g)).toHaveLength(3)
    expect(path.endsWith('Z')).toBe(true)
    expect(smoothPath([[0, 0]], false)).toBe('')
  })
})

describe('labels', () => {
  const point = fc.tuple(
    fc.float({ min: 0, max: 400, noNaN: true }),
    fc.float({ min: 0, max: 400, noNaN: true }),
  )

  it('never overlap each other or a mark, wherever things lie', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (anchors) => {
        const wishes = anchors.map(
          (anchor, i): LabelWish => ({ id: String(i), text: `站点${i}`, anchor, size: 18, distance: 12 }),
        )
        const marks = anchors.map(([x, y]) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }))
        const boxes = placeLabels(wishes, marks).map((label) => label.box)
        return boxes.every(
          (box, i) =>
            marks.every((mark) => !overlaps(box, mark)) &&
            boxes.slice(i + 1).every((other) => !overlaps(box, other)),
        )
      }),
    )
  })

  it('shortens a label before leaving it out', () => {
    const wall = { left: 30, right: 400, top: -400, bottom: 400 }
    const other = { left: -400, right: -30, top: -400, bottom: 400 }
    const wish = {
      id: 'a',
      text: '很长很长的名字',
      shortText: '名',
      anchor: [0, 0] as const,
      size: 18,
      distance: 4,
    }
    expect(placeLabels([wish], [wall, other]).map((label) => label.text)).toEqual(['名'])
  })

  it('counts a Chinese character as wide as it is high', () => {
    expect(textWidth('永和', 20)).toBe(40)
    expect(textWidth('ab', 20)).toBeLessThan(25)
  })
})

describe('marks', () => {
  it('that lie upon each other are moved apart, the same way every time', () => {
    const places = spread(
      [
        [100, 100],
        [100, 100],
        [300, 300],
      ],
      20,
    )
    expect(Math.hypot(places[0]![0] - places[1]![0], places[0]![1] - places[1]![1])).toBeGreaterThan(19)
    expect(places[2]).toEqual([300, 300])
    expect(
      spread(
        [
          [1, 1],
          [1, 1],
        ],
        20,
      ),
    ).toEqual(
      spread(
        [
          [1, 1],
          [1, 1],
        ],
        20,
      ),
    )
  })
})
