import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelOfShare, segmentShare, tankShape } from './tankShape.ts'

describe('shape of a tank', () => {
  it('lies when it is a station tank of 30 m³ and 2.4 m, and is 6.63 m long', () => {
    const shape = tankShape(30_000_000, 2_400)
    expect(shape.lying).toBe(true)
    expect(shape.height).toBe(2_400)
    expect(shape.length).toBeCloseTo(6_631, 0)
  })

  it('stands when it is a depot tank of 1,000 m³ and 11.5 m', () => {
    expect(tankShape(1_000_000_000, 11_500)).toMatchObject({ lying: false, length: 11_500 })
  })
})

describe('level of a lying cylinder', () => {
  it('is known at empty, half and full', () => {
    expect([segmentShare(0), segmentShare(0.5), segmentShare(1)]).toEqual([0, 0.5, 1])
  })

  it('is below a tenth of the volume at a tenth of the height', () => {
    expect(segmentShare(0.1)).toBeCloseTo(0.052, 3)
  })

  it('and its share are inverse to each other, and rise together', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        return Math.abs(segmentShare(levelOfShare(share)) - share) < 1e-5
      }),
    )
  })
})
