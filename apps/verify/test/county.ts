import {
  type Checkpoint,
  defaultOrigin,
  EvidenceWriter,
  encodeProof,
  encodeVkey,
  type Manifest,
  type NoteSigner,
  noteSigner,
  Prover,
  type Signer,
  signCheckpoint,
  type Tile,
  TreeBuilder,
} from '@oiltrail/evidence'
import { type GeneratedKey, generateKeyPair, platform, suites } from '@oiltrail/evidence/node'
import { type Channel, fromHex, type Result, toBase64, toHex, utf8Bytes } from '@oiltrail/kernel'
import { type DeskEntry, encodeBatch, encodeDesk, encodeLeaf, type Leaf } from '@oiltrail/protocols/uplink'

export const COUNTY = '520327'
export const SITE = 'S001'
export const DEVICE = '520327-S001-A'
/** 2026-11-23 00:00 in China. */
export const START = 1_795_363_200_000

/** The value of a result that must be good. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problem))
  return result.value
}

/** What one channel of a collector remembers: real records, real chain, real signatures. */
export class TestChannel {
  readonly channel: Channel
  seq = 0
  head = '0'.repeat(64)
  signer: Signer

  constructor(channel: Channel, key: GeneratedKey) {
    this.channel = channel
    this.signer = key.signer
  }

  /** The next batch of sales (or prices), optionally announcing a key as its last record. */
  batch(count: number, nextKey?: GeneratedKey): { raw: Uint8Array; first: number; last: number } {
    const [first, before] = [this.seq + 1, this.head]
    const lines: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      this.seq++
      const at = START + this.seq * 1000
      const announced = i === count - 1 ? nextKey : undefined
      const fact = announced
        ? {
            kind: 'key',
            algorithm: announced.signer.algorithm,
            publicKey: toBase64(announced.signer.publicKey),
          }
        : this.channel === 'price'
          ? { kind: 'price', nozzle: '1', grade: '92', priceFenPerLitre: 752 }
          : this.sale(at)
      lines.push(utf8Bytes(JSON.stringify({ seq: this.seq, at, ...fact })))
    }
    for (const line of lines) this.head = toHex(suites[this.signer.algorithm].hash(fromHex(this.head)!, line))
    const draft = {
      county: COUNTY,
      device: DEVICE,
      channel: this.channel,
      first,
      before,
      head: this.head,
      lines,
    }
    const raw = encodeBatch(draft, this.signer)
    if (nextKey) this.signer = nextKey.signer
    return { raw, first, last: this.seq }
  }

  private sale(at: number): Record<string, unknown> {
    const volumeMillilitres = 20_000 + (this.seq % 500) * 10
    return {
      kind: 'sale',
      nozzle: '3',
      volumeMillilitres,
      totalMillilitres: 998_877_660 + this.seq * 20_000,
      startedAt: at - 50_000,
      source: 'pulse',
      pulses: volumeMillilitres / 10,
    }
  }
}

interface Logged {
  readonly leaf: Uint8Array
  readonly raw: Uint8Array
  readonly receivedAt: number
}

/** The log of a county as the server keeps it, in memory: leaves, raw bytes, tiles, signed checkpoints. */
export class TestCounty {
  readonly entries: Logged[] = []
  readonly tree = new TreeBuilder(platform.sha256)
  readonly noteSigners: NoteSigner[]
  readonly vkeys: string[]
  private readonly tiles = new Map<string, Uint8Array>()
  private readonly prover = new Prover(platform.sha256, async (tile: Tile) =>
    this.tiles.get(`${tile.level}/${tile.index}`),
  )

  constructor() {
    const origin = defaultOrigin(COUNTY)
    this.noteSigners = (['Ed25519', 'SM2-SM3'] as const).map((algorithm) =>
      must(noteSigner(platform.sha256, origin, generateKeyPair(algorithm).signer)),
    )
    this.vkeys = this.noteSigners.map((signer) => encodeVkey(signer.key))
  }

  append(
    leaf: Omit<Extract<Leaf, { type: 'batch' }>, 'raw'> | Omit<Extract<Leaf, { type: 'desk' }>, 'raw'>,
    raw: Uint8Array,
  ): number {
    const bytes = encodeLeaf({ ...leaf, raw: toHex(platform.sha256(raw)) } as Leaf)
    this.entries.push({ leaf: bytes, raw, receivedAt: leaf.receivedAt })
    this.tree.append(bytes)
    for (const { level, index, hashes } of this.tree.takeChanges())
      this.tiles.set(`${level}/${index}`, hashes)
    return this.entries.length - 1
  }

  desk(entry: DeskEntry): number {
    const leaf = { v: 1, type: 'desk', county: COUNTY, receivedAt: entry.at, action: entry.action } as const
    return this.append(leaf, encodeDesk(entry))
  }

  enrol(keys: Readonly<Record<Channel, Signer>>, device = DEVICE): number {
    return this.desk({
      v: 1,
      action: 'device-enrolled',
      actor: 'admin',
      at: START,
      device,
      site: SITE,
      keys: (['volume', 'price'] as const).map((channel) => ({
        channel,
        algorithm: keys[channel].algorithm,
        publicKey: toBase64(keys[channel].publicKey),
      })),
    })
  }

  batch(
    channel: Channel,
    batch: { raw: Uint8Array; first: number; last: number },
    receivedAt = START + 1000,
  ): number {
    const { raw, first, last } = batch
    return this.append(
      { v: 1, type: 'batch', county: COUNTY, receivedAt, device: DEVICE, channel, first, last },
      raw,
    )
  }

  head(): Checkpoint {
    return { origin: defaultOrigin(COUNTY), size: this.tree.size, root: this.tree.root() }
  }

  checkpoint(): string {
    return signCheckpoint(this.head(), this.noteSigners)
  }

  /** An evidence file of the given positions, as text. */
  async evidence(
    keys: readonly number[],
    entries: readonly number[],
    options: { older?: string; olderSize?: number; manifest?: Partial<Manifest> } = {},
  ): Promise<string> {
    const writer = new EvidenceWriter(platform)
    const size = this.tree.size
    const older =
      options.older === undefined
        ? {}
        : {
            older: {
              checkpoint: options.older,
              proof: encodeProof(platform, must(await this.prover.consistency(options.olderSize ?? 0, size))),
            },
          }
    const parts = [
      writer.manifest({
        v: 1,
        type: 'oiltrail-evidence',
        county: COUNTY,
        origin: defaultOrigin(COUNTY),
        site: SITE,
        from: START,
        to: START + 86_400_000,
        checkpoint: this.checkpoint(),
        vkeys: this.vkeys,
        ...older,
        ...options.manifest,
      }),
    ]
    const entryOf = async (position: number) => {
      const { leaf, raw } = this.entries[position]!
      return { position, leaf, raw, proof: must(await this.prover.inclusion(position, size)) }
    }
    for (const position of keys) parts.push(writer.key(await entryOf(position)))
    for (const position of entries) parts.push(writer.entry(await entryOf(position)))
    parts.push(writer.end())
    return parts.join('')
  }
}
