import { asciiBytes } from '@oiltrail/kernel'

/** What stands in the Merkle tree for one log entry; docs/formats/log.md §2. */
export type Leaf =
  | {
      readonly v: 1
      readonly type: 'batch'
      readonly county: string
      readonly receivedAt: number
      readonly device: string
      readonly channel: string
      readonly first: number
      readonly last: number
      /** SHA-256 of the raw batch, hex. */
      readonly raw: string
    }
  | {
      readonly v: 1
      readonly type: 'refusal'
      readonly county: string
      readonly receivedAt: number
      readonly code: string
      readonly raw: string
    }
  | {
      readonly v: 1
      readonly type: 'desk'
      readonly county: string
      readonly receivedAt: number
      readonly action: string
      readonly raw: string
    }

/** The bytes of a leaf: its JSON with the fields in the order of the type. All values are ASCII. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  return asciiBytes(JSON.stringify(leaf))
}
