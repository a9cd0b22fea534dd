import { z } from 'zod'

/** What a collector's self-check can report (自检). Names pair an onset with its end. */
export const HEALTH_EVENTS = [
  'started',
  'stopped',
  'restarted',
  'heartbeat',
  'mains-lost',
  'last-gasp',
  'mains-restored',
  'network-lost',
  'network-restored',
  'driver-silent',
  'driver-restored',
  'board-silent',
  'board-restored',
  'pulses-without-sale',
  'clock-stepped',
  'cabinet-opened',
  'cabinet-closed',
  'spool-nearly-full',
  'spool-relieved',
  'spool-repaired',
  'history-imported',
] as const

/** One self-check record of a channel. */
export const health = z.strictObject({
  kind: z.literal('health'),
  event: z.enum(HEALTH_EVENTS),
  /** The port, nozzle or file concerned; empty for the box itself. */
  subject: z.string().max(64),
  /** One number that belongs to the event: milliseconds stepped, percent full, exit code, records imported. */
  value: z.int().min(-9_007_199_254_740_991).max(9_007_199_254_740_991).optional(),
})

/** Announces the key that signs from the next batch on; itself signed by the old key. */
export const key = z.strictObject({
  kind: z.literal('key'),
  algorithm: z.enum(['SM2-SM3', 'Ed25519', 'P256-SHA256']),
  /** DER SubjectPublicKeyInfo, base64. */
  publicKey: z.string().max(512),
})
