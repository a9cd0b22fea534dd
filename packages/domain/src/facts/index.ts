import type { Channel } from '@oiltrail/kernel'
import { z } from 'zod'
import { health, key } from './collector.ts'
import { boardInfo, boardTotal, price, receipt } from './price.ts'
import { delivery, flow, level, line, load, sale, total } from './volume.ts'

export { HEALTH_EVENTS } from './collector.ts'

/** Everything a collector can state. The registry: a new kind is one schema and one line here. */
export const FACT_SCHEMAS = [
  sale,
  flow,
  load,
  level,
  delivery,
  total,
  line,
  price,
  receipt,
  boardTotal,
  boardInfo,
  health,
  key,
] as const

const union = z.discriminatedUnion('kind', FACT_SCHEMAS)

/** One fact, without its place in a chain and its time. */
export type Fact = z.infer<typeof union>
export type FactKind = Fact['kind']
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>
export type HealthEvent = FactOf<'health'>['event']

/** Which channel may state which kind (requirement C3); `health` and `key` belong to both. */
export const CHANNEL_OF_KIND: Readonly<Record<FactKind, Channel | 'both'>> = {
  sale: 'volume',
  flow: 'volume',
  load: 'volume',
  level: 'volume',
  delivery: 'volume',
  total: 'volume',
  line: 'volume',
  price: 'price',
  receipt: 'price',
  'board-total': 'price',
  'board-info': 'price',
  health: 'both',
  key: 'both',
}

/** Chinese and English names of the kinds, for screens and documents. */
export const KIND_LABELS: Readonly<Record<FactKind, { zh: string; en: string }>> = {
  sale: { zh: '加油', en: 'Sale' },
  flow: { zh: '出油状态', en: 'Flow' },
  load: { zh: '装车', en: 'Load' },
  level: { zh: '液位', en: 'Tank level' },
  delivery: { zh: '卸油', en: 'Delivery' },
  total: { zh: '总累', en: 'Totalizer' },
  line: { zh: '信号线', en: 'Signal line' },
  price: { zh: '单价', en: 'Price' },
  receipt: { zh: '主板交易', en: 'Board sale' },
  'board-total': { zh: '税控累计', en: 'Tax memory total' },
  'board-info': { zh: '税控信息', en: 'Tax board' },
  health: { zh: '自检', en: 'Self-check' },
  key: { zh: '密钥更换', en: 'Key change' },
}

/** A fact in its chain: sequence number and device time stand before it in the same record line. */
export type RecordedFact = Fact & { seq: number; at: number }

/** Strict schema of a record of each kind, in the order of `FACT_SCHEMAS`. */
export const recordSchemas = FACT_SCHEMAS.map((schema) =>
  schema.extend({
    seq: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
    at: z.int().min(0).max(8_640_000_000_000_000),
  }),
) as unknown as typeof FACT_SCHEMAS

/** Strict schema of one record line of an uplink batch: `{"seq":…,"at":…,"kind":…,…}`. */
export const recordSchema: z.ZodType<RecordedFact> = z.discriminatedUnion(
  'kind',
  recordSchemas,
) as unknown as z.ZodType<RecordedFact>
