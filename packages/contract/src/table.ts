import { GRADES, siteSchema } from '@oiltrail/domain'
import { DEVICE_PATTERN, SITE_PATTERN } from '@oiltrail/kernel'
import { z } from 'zod'
import { endpoints } from './endpoint.ts'
import * as s from './shapes.ts'
import { WATCH_ENDPOINTS } from './watch.ts'
import { WITNESS_ENDPOINTS } from './witness.ts'

const int = s.integer
const at = s.epochMs
/** Query strings arrive as text; only plain decimal integers are taken. */
const queryInt = z
  .string()
  .regex(/^-?[0-9]{1,16}$/)
  .transform(Number)
const siteParam = z.strictObject({ site: z.string().regex(SITE_PATTERN) })
const range = { from: queryInt, to: queryInt }
/** A public key of a channel, DER SubjectPublicKeyInfo in base64. */
const enrolledKey = {
  channel: s.channel,
  algorithm: z.enum(['SM2-SM3', 'Ed25519', 'P256-SHA256']),
  publicKey: z.string().max(512),
}
/** What every statement of a desk says (docs/formats/log.md §1). */
const statement = { v: z.literal(1), actor: z.string().max(200), at }

/** Places statistics can be grouped by, from the nozzle to the county. */
export const PLACES = ['county', 'town', 'enterprise', 'site', 'dispenser', 'nozzle'] as const
export const BUCKETS = ['hour', 'day', 'month', 'year', 'all'] as const

/** What a statistics question asks: a span, how fine in time, by which place and whether by grade, and filters. */
export const statisticsQuery = z.strictObject({
  ...range,
  bucket: z.enum(BUCKETS).default('day'),
  place: z.enum(PLACES).default('county'),
  byGrade: z.enum(['true', 'false']).default('false'),
  /** Sales of dispensers, loads of depot arms, or both. Loads have no price, and their oil is sold again at a station. */
  kind: z.enum(['sale', 'load', 'all']).default('sale'),
  /** Filters; `site` with its code, `town` with nine digits, `enterprise` with its credit code. */
  site: z.string().regex(SITE_PATTERN).optional(),
  town: z
    .string()
    .regex(/^[0-9]{9}$/)
    .optional(),
  enterprise: z
    .string()
    .regex(/^[0-9A-Z]{18}$/)
    .optional(),
  grade: z.enum(GRADES).optional(),
})

export const statisticsRow = s.sums.extend({
  /** Start of the bucket, epoch ms. */
  bucket: at,
  /** Code of the place: county code, town code, credit code, site code, `site/dispenser` or `site/nozzle`. */
  place: z.string(),
  placeName: z.string(),
  grade: s.grade.optional(),
})

/** Every endpoint of the platform's JSON interface. Streams, files and the log's static resources are in docs/formats. */
export const ENDPOINTS = endpoints({
  ...WATCH_ENDPOINTS,
  ...WITNESS_ENDPOINTS,
  progress: {
    method: 'GET',
    path: '/api/progress',
    permission: 'public',
    summary: 'How far the start has come',
    response: s.progress,
  },
  county: {
    method: 'GET',
    path: '/api/county',
    permission: 'read',
    summary: 'The county and its towns',
    response: z.strictObject({
      code: z.string(),
      zh: z.string(),
      en: z.string(),
      demo: z.boolean(),
      towns: z.array(z.strictObject({ code: z.string(), zh: z.string(), en: z.string() })),
    }),
  },
  overview: {
    method: 'GET',
    path: '/api/overview',
    permission: 'read',
    summary: 'Everything the cockpit shows, in one answer',
    response: z.strictObject({
      asOf: at,
      progress: s.progress,
      today: s.sums,
      /** The same weekday last week, up to the same time of day. */
      lastWeek: s.sums,
      byGrade: z.array(z.strictObject({ grade: s.grade, today: s.sums, lastWeek: s.sums })),
      /** 24 hours of today and of the same weekday last week; hours to come are absent from `today`. */
      hours: z.array(
        z.strictObject({ hour: int, todayMillilitres: int.optional(), lastWeekMillilitres: int }),
      ),
      stock: z.array(
        z.strictObject({
          grade: s.grade,
          volumeMillilitres: int,
          capacityMillilitres: int,
          dailySalesMillilitres: int,
        }),
      ),
      channels: z.strictObject({
        total: int,
        online: int,
        withFaults: int,
        openGaps: int,
        missingRecords: int,
      }),
      sites: z.array(s.siteSummary),
      latest: z.array(
        z.strictObject({
          at,
          kind: z.string(),
          site: z.string(),
          siteName: z.string(),
          subject: z.string(),
          value: int.optional(),
        }),
      ),
      log: z.strictObject({ size: int, refusalsToday: int, checkpoint: s.checkpointView.optional() }),
    }),
  },
  sites: {
    method: 'GET',
    path: '/api/sites',
    permission: 'read',
    summary: 'All sites with their state',
    response: z.array(s.siteSummary),
  },
  site: {
    method: 'GET',
    path: '/api/sites/:site',
    permission: 'read',
    summary: 'One site: tanks, nozzles, channels, live',
    params: siteParam,
    response: z.strictObject({
      summary: s.siteSummary,
      registration: siteSchema,
      tanks: z.array(s.tankView),
      nozzles: z.array(s.nozzleView),
      channels: z.array(s.channelView),
      deliveries: z.array(s.deliveryView),
      gaps: z.array(s.gapView),
    }),
  },
  siteSales: {
    method: 'GET',
    path: '/api/sites/:site/sales',
    permission: 'read',
    summary: 'Sales of a site in a span, newest first',
    params: siteParam,
    query: z.strictObject({ ...range, limit: queryInt.default(100) }),
    response: z.array(s.saleView),
  },
  siteLevels: {
    method: 'GET',
    path: '/api/sites/:site/levels',
    permission: 'read',
    summary: 'Hourly level series of every tank of a site',
    params: siteParam,
    query: z.strictObject(range),
    response: z.array(
      z.strictObject({
        tank: z.string(),
        grade: s.grade,
        points: z.array(
          z.strictObject({
            at,
            volumeMillilitres: int,
            lowMillilitres: int,
            highMillilitres: int,
            heightMicrometres: int,
            temperatureCentiCelsius: int,
          }),
        ),
      }),
    ),
  },
  statistics: {
    method: 'GET',
    path: '/api/statistics',
    permission: 'read',
    summary: 'Sales by time, place and grade',
    query: statisticsQuery,
    response: z.array(statisticsRow),
  },
  channels: {
    method: 'GET',
    path: '/api/channels',
    permission: 'read',
    summary: 'Health of every collector channel',
    response: z.array(s.channelView),
  },
  gaps: {
    method: 'GET',
    path: '/api/gaps',
    permission: 'read',
    summary: 'Every hole in the record, open ones first',
    response: z.array(s.gapView),
  },
  entries: {
    method: 'GET',
    path: '/api/log/entries',
    permission: 'read',
    summary: 'Log entries, newest first',
    query: z.strictObject({
      before: queryInt.optional(),
      limit: queryInt.default(50),
      type: z.enum(['batch', 'refusal', 'desk']).optional(),
      device: z.string().regex(DEVICE_PATTERN).optional(),
    }),
    response: z.array(s.entryView),
  },
  entry: {
    method: 'GET',
    path: '/api/log/entries/:position',
    permission: 'read',
    summary: 'One entry with its raw bytes, leaf and proof of inclusion',
    params: z.strictObject({ position: queryInt }),
    response: s.entryView.extend({
      /** Raw bytes and leaf bytes, base64. */
      raw: z.string(),
      leaf: z.string(),
      /** Inclusion proof (hex hashes) in the latest checkpoint that covers it; absent until one does. */
      proof: z.strictObject({ checkpoint: s.checkpointView, hashes: z.array(z.string()) }).optional(),
      /** Public keys of the device's channel, so that the signature can be checked in the browser. */
      keys: z.array(z.strictObject({ keyId: z.string(), algorithm: z.string(), publicKey: z.string() })),
      refusedRecords: z.array(s.refusedRecordView),
    }),
  },
  find: {
    method: 'GET',
    path: '/api/log/find',
    permission: 'read',
    summary: 'The entry that holds a record',
    query: z.strictObject({ device: z.string().regex(DEVICE_PATTERN), channel: s.channel, seq: queryInt }),
    response: z.strictObject({ position: int }),
  },
  refusals: {
    method: 'GET',
    path: '/api/log/refusals',
    permission: 'read',
    summary: 'Refused batches and unbelievable records by code, with the newest of each kind',
    response: z.strictObject({
      byCode: z.array(
        z.strictObject({ code: z.string(), batches: int, records: int, lastAt: at.optional() }),
      ),
      records: z.array(s.refusedRecordView),
    }),
  },
  registerSite: {
    method: 'POST',
    path: '/api/registry/sites',
    permission: 'admin',
    summary: 'Register a site or a change of it',
    body: siteSchema,
    response: z.strictObject({ position: int }),
  },
  issueEnrolCode: {
    method: 'POST',
    path: '/api/enrol-codes',
    permission: 'admin',
    summary: 'Issue a one-time code for a collector',
    body: z.strictObject({
      device: z.string().regex(DEVICE_PATTERN),
      site: z.string().regex(SITE_PATTERN),
      validSeconds: z.int().min(60).max(2_592_000).default(86_400),
    }),
    response: z.strictObject({ code: z.string(), expiresAt: at }),
  },
  revokeDevice: {
    method: 'POST',
    path: '/api/devices/:device/revoke',
    permission: 'admin',
    summary: 'Refuse everything a collector sends from now on',
    params: z.strictObject({ device: z.string().regex(DEVICE_PATTERN) }),
    body: z.strictObject({ reason: z.string().min(1).max(200) }),
    response: z.strictObject({ position: int }),
  },
  enrol: {
    method: 'POST',
    path: '/api/enrol',
    permission: 'public',
    summary: 'A collector redeems its code and hands over its public keys',
    body: z.strictObject({
      code: z.string().min(8).max(64),
      device: z.string().regex(DEVICE_PATTERN),
      keys: z
        .array(z.strictObject({ ...enrolledKey, proof: z.string().max(512) }))
        .min(1)
        .max(4),
    }),
    response: z.strictObject({ county: z.string(), device: z.string(), token: z.string(), serverTime: at }),
  },
  shares: {
    method: 'GET',
    path: '/api/share/targets',
    permission: 'read',
    summary:
      'Other platforms the log is or was handed on to: how far, how much, what waits, what they refused',
    response: z.array(s.shareView),
  },
  takeStatement: {
    method: 'POST',
    path: '/api/share/statements',
    permission: 'admin',
    summary:
      'Take over what the desk of another platform stated: a site, a collector by its public keys, a revocation',
    body: z.discriminatedUnion('action', [
      z.strictObject({ ...statement, action: z.literal('site-registered'), site: siteSchema }),
      z.strictObject({
        ...statement,
        action: z.literal('device-enrolled'),
        device: z.string().regex(DEVICE_PATTERN),
        site: z.string().regex(SITE_PATTERN),
        keys: z.array(z.strictObject(enrolledKey)).min(1).max(4),
      }),
      z.strictObject({
        ...statement,
        action: z.literal('device-revoked'),
        device: z.string().regex(DEVICE_PATTERN),
        reason: z.string().min(1).max(200),
      }),
    ]),
    response: z.strictObject({ position: int }),
  },
  announceHistory: {
    method: 'POST',
    path: '/api/history',
    permission: 'admin',
    summary: 'Announce how many records of history are on their way, for the progress display',
    body: z.strictObject({ expectedRecords: z.int().min(0).max(1_000_000_000) }),
    response: z.strictObject({ ok: z.boolean() }),
  },
})

export type Endpoints = typeof ENDPOINTS
export type EndpointName = keyof Endpoints
