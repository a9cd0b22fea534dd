/** A source of uniform numbers that belongs to one entity, so that adding an entity never shifts another's chances. */
export interface Stream {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number
  /** Uniform integer in [low, high], both included. */
  integer(low: number, high: number): number
  /** Uniform in [low, high). */
  between(low: number, high: number): number
  /** Exponentially distributed with mean 1. */
  exponential(): number
  /** Normally distributed with mean 0 and standard deviation 1. */
  gaussian(): number
  /** One of the values, by weight. */
  pick<T>(values: readonly (readonly [T, number])[]): T
}

const TWO_32 = 4_294_967_296

/** Final mixing of 32 bits: every input bit reaches every output bit. */
export function mix32(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** 32-bit hash of a seed and a name: the identity of a stream. */
export function seedOf(seed: number, name: string): number {
  let hash = mix32(seed + 0x9e3779b9)
  for (let i = 0; i < name.length; i++) hash = mix32(Math.imul(hash, 31) + name.charCodeAt(i))
  return hash
}

/** Uniform [0, 1) as a pure function of an identity and an index: chance without state, for readings at any moment. */
export function uniformAt(identity: number, index: number): number {
  return mix32(identity ^ mix32(Math.imul(index | 0, 0x9e3779b1) + Math.floor(index / TWO_32))) / TWO_32
}

/** Standard normal as a pure function of an identity and an index (sum of four uniforms, scaled; tails end at ±3.46). */
export function gaussianAt(identity: number, index: number): number {
  let sum = 0
  for (let k = 0; k < 4; k++) sum += uniformAt(identity + k * 0x51ed27, index)
  return (sum - 2) * Math.sqrt(3)
}

/** Smooth noise in about ±1 that takes a new course every `periodMs`: weather, drift. */
export function driftAt(identity: number, at: number, periodMs: number): number {
  const place = at / periodMs
  const index = Math.floor(place)
  const share = place - index
  const weight = share * share * (3 - 2 * share)
  return (uniformAt(identity, index) * (1 - weight) + uniformAt(identity, index + 1) * weight) * 2 - 1
}

/** A stream of its own for `name` under `seed`: small fast counter generator, 128 bits of state. */
export function stream(seed: number, name: string): Stream {
  let a = seedOf(seed, name)
  let b = mix32(a + 1)
  let c = mix32(b + 2)
  let counter = 1
  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  const next = (): number => word() / TWO_32
  return {
    next,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    between: (low, high) => low + next() * (high - low),
    exponential: () => -Math.log(1 - next()),
    gaussian: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (values) => {
      let total = 0
      for (const [, weight] of values) total += weight
      let rest = next() * total
      for (const [value, weight] of values) {
        rest -= weight
        if (rest < 0) return value
      }
      return values[values.length - 1]![0]
    },
  }
}
