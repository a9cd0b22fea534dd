import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EvidenceVerifier, parseVkey, type Signer } from '@oiltrail/evidence'
import { generateKeyPair, platform, sha256 } from '@oiltrail/evidence/node'
import { toBase64, utf8Bytes } from '@oiltrail/kernel'
import { evidenceRole, UplinkInspector } from '@oiltrail/protocols/uplink'
import { listSiteEntries } from '@oiltrail/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EvidenceOrder, exportEvidence, exportEvidenceFile } from '../src/exports/evidence.ts'
import { parseExport } from '../src/inspect.ts'
import { type Collector, openStand, type Stand, until } from './stand.ts'
import { siteOf } from './views.history.ts'

let stand: Stand
let folder: string
let collector: Collector
let vkey: string
let early: string
/** Times between the parts of the story: enrolment and rotation, first batches, last batches and back-fill. */
const marks: number[] = []

/** Device time of the part of the story that arrives late: a day before everything else. */
const YESTERDAY = Date.now() - 86_400_000

const sale = (volumeMillilitres: number, at = Date.now()): Record<string, unknown> => ({
  at,
  kind: 'sale',
  nozzle: '1',
  volumeMillilitres,
  totalMillilitres: 1,
  startedAt: Date.now() - 9_000,
  source: 'pulse',
})

async function text(path: string): Promise<string> {
  return (await fetch(`${stand.server.url}${path}`)).text()
}

async function sealed(): Promise<void> {
  await until('everything is sealed and followed', async () => {
    const { context } = stand.server
    const { rows } = await stand.database.store.pool.query('select max(size) as size from checkpoint')
    return (
      rows[0].size === context.nextPosition() && context.followerPosition('views') === context.nextPosition()
    )
  })
}

async function mark(): Promise<void> {
  await new Promise((wake) => setTimeout(wake, 5))
  marks.push(stand.server.context.clock.now())
  await new Promise((wake) => setTimeout(wake, 5))
}

beforeAll(async () => {
  stand = await openStand()
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-evidence-'))
  await stand.server.context.desk.registerSite('test', { ...siteOf('S001'), effectiveAt: 0 })
  collector = await stand.enrol('520327-S001-A', 'SM2-SM3')
  const stranger = await stand.enrol('520327-S0011-A')
  stranger.volume.fill(3)
  await stranger.send(stranger.volume.batch(1, 3))
  await stranger.close()
  const { volume } = collector
  const next = generateKeyPair('SM2-SM3').signer
  const third = generateKeyPair('SM2-SM3').signer
  const announce = ({ publicKey }: Signer): Record<string, unknown> => ({
    at: Date.now(),
    kind: 'key',
    algorithm: 'SM2-SM3',
    publicKey: toBase64(publicKey),
  })
  volume.write(sale(1_000), announce(next))
  expect(await collector.send(volume.batch(1, 2))).toMatchObject({ outcome: 'stored' })
  volume.signer = next
  await mark()
  volume.write(sale(2_000), sale(3_000))
  expect(await collector.send(volume.batch(3, 4))).toMatchObject({ outcome: 'stored' })
  await sealed()
  early = await text('/log/520327/checkpoint')
  await mark()
  volume.write(sale(4_000))
  expect(await collector.send(volume.batch(5, 5))).toMatchObject({ outcome: 'stored' })
  await mark()
  volume.write(sale(50_000, YESTERDAY), sale(60_000, YESTERDAY + 1_000), announce(third), sale(70_000))
  expect(await collector.send(volume.batch(6, 8))).toMatchObject({ outcome: 'stored' })
  volume.signer = third
  expect(await collector.send(volume.batch(9, 9))).toMatchObject({ outcome: 'stored' })
  await sealed()
  vkey = (await text('/log/520327/vkey')).trim()
})
afterAll(async () => {
  await collector.close()
  await stand.close()
  await rm(folder, { recursive: true, force: true })
})

function order(changes: Partial<EvidenceOrder> = {}): EvidenceOrder {
  return {
    county: 520_327,
    countyCode: '520327',
    site: 'S001',
    from: marks[0]!,
    to: marks[2]!,
    vkeys: [vkey],
    ...changes,
  }
}

async function lines(of: EvidenceOrder): Promise<string[]> {
  const written: string[] = []
  const result = await exportEvidence(stand.database.store, of, async (line) => {
    written.push(line)
  })
  if (!result.ok) throw new Error(result.problem.detail)
  return written
}

function verify(file: readonly string[]) {
  const key = parseVkey(sha256, vkey)
  if (!key.ok) throw new Error(key.problem.detail)
  const inspector = new UplinkInspector(platform)
  const verifier = new EvidenceVerifier(platform, { vkeys: [key.value] }, inspector)
  for (const line of file) verifier.line(utf8Bytes(line.slice(0, -1)))
  return { report: verifier.finish(true), counts: inspector.counts }
}

describe('an exported evidence file', () => {
  it('verifies offline with the keys of before the span, and counts what was sold', async () => {
    const { report, counts } = verify(await lines(order()))
    expect(report.steps.filter((step) => step.failed > 0)).toEqual([])
    expect(report.ok).toBe(true)
    expect(counts).toMatchObject({ batches: 2, sales: 3, saleMillilitres: 9_000 })
  })

  it('is looked for only in batches that may hold it, wherever they stand, and finds what a look into all finds', async () => {
    const { pool } = stand.database.store
    const { rows } = await pool.query<{ position: number; raw: Buffer }>(
      `select position, raw from log_entry where type = 0 and device = '520327-S001-A' order by position`,
    )
    const desk = await pool.query<{ position: number }>(
      `select position from log_entry where type = 2 and device = '520327-S001-A' order by position`,
    )
    const spans = [
      [0, 1],
      [YESTERDAY, YESTERDAY + 1],
      [YESTERDAY + 1, YESTERDAY + 1_001],
      [marks[0]!, marks[1]!],
      [marks[1]!, marks[2]!],
      [marks[2]!, Number.MAX_SAFE_INTEGER],
      [0, Number.MAX_SAFE_INTEGER],
    ] as const
    for (const [from, to] of spans) {
      const looked = rows.filter(({ raw }) => evidenceRole(raw, { from, to }) !== 'none')
      const expected = [...desk.rows, ...looked].map(({ position }) => position).sort((a, b) => a - b)
      const span = { devicePrefix: '520327-S001-', from, to }
      expect([from, to, await listSiteEntries(pool, 520_327, span)]).toEqual([from, to, expected])
    }
    // Entries of an older version do not say when their records were made: they are looked into.
    const tx = await pool.connect()
    try {
      await tx.query('begin')
      await tx.query('update log_entry set made_from = null, made_to = null where type = 0')
      const all = await listSiteEntries(tx, 520_327, { devicePrefix: '520327-S001-', from: 0, to: 1 })
      expect(all).toHaveLength(rows.length + desk.rows.length)
    } finally {
      await tx.query('rollback')
      tx.release()
    }
  })

  it('holds only the site’s own entries: a site whose code begins alike is another site', async () => {
    const all = (await lines(order({ from: 0 }))).join('')
    expect(all).not.toContain('S0011')
    expect(verify(await lines(order({ from: 0, site: 'S0011' }))).counts).toMatchObject({ records: 3 })
  })

  it('shows that the log continues an older checkpoint', async () => {
    const { report } = verify(await lines(order({ older: early })))
    expect(report.ok).toBe(true)
    expect(report.olderSize).toBeGreaterThan(0)
  })

  it('does not verify once a digit of a sale is changed', async () => {
    const file = await lines(order())
    const forged = file.map((line) => {
      const entry = JSON.parse(line) as { raw?: string; part?: string }
      if (entry.part !== 'entry') return line
      const raw = Buffer.from(entry.raw!, 'base64')
        .toString()
        .replace('"volumeMillilitres":4000', '"volumeMillilitres":5000')
      return `${JSON.stringify({ ...entry, raw: Buffer.from(raw).toString('base64') })}\n`
    })
    expect(forged).not.toEqual(file)
    expect(verify(forged).report.ok).toBe(false)
  })

  it('is refused for a span without entries, and for a checkpoint of the future', async () => {
    const nothing = await exportEvidence(
      stand.database.store,
      order({ from: 1, to: 2 }),
      async () => undefined,
    )
    expect(nothing).toMatchObject({ ok: false, problem: { code: 'NOT_FOUND' } })
    const grown = early.replace(/\n[0-9]+\n/, '\n99999\n')
    const future = await exportEvidence(stand.database.store, order({ older: grown }), async () => undefined)
    expect(future).toMatchObject({ ok: false, problem: { code: 'INVALID_REQUEST', where: 'older' } })
  })

  it('appears only when complete and never replaces a file', async () => {
    const file = join(folder, 'evidence.jsonl')
    expect(await exportEvidenceFile(stand.database.store, order(), file)).toMatchObject({
      ok: true,
      value: { entries: 2 },
    })
    const { report } = verify((await readFile(file, 'utf8')).split(/(?<=\n)/))
    expect(report.ok).toBe(true)
    await expect(exportEvidenceFile(stand.database.store, order(), file)).rejects.toThrow(/EEXIST/)
    const empty = join(folder, 'empty.jsonl')
    expect(await exportEvidenceFile(stand.database.store, order({ from: 1, to: 2 }), empty)).toMatchObject({
      ok: false,
    })
    await writeFile(empty, 'the name is free again', { flag: 'wx' })
  })
})

describe('the span of an evidence file', () => {
  it('is when records were made: what arrived a day late is found under its own day, with the keys around it', async () => {
    const file = await lines(order({ from: YESTERDAY, to: YESTERDAY + 2_000 }))
    const { report, counts } = verify(file)
    expect(report.steps.filter((step) => step.failed > 0)).toEqual([])
    expect(counts).toMatchObject({ batches: 1, records: 3, sales: 2, saleMillilitres: 110_000 })
  })

  it('holds its end open: a record made at `to` is not in it', async () => {
    const only = async (from: number, to: number) => verify(await lines(order({ from, to }))).counts.batches
    expect(await only(YESTERDAY + 1_000, YESTERDAY + 1_001)).toBe(1)
    const before = await exportEvidence(
      stand.database.store,
      order({ from: YESTERDAY - 1, to: YESTERDAY }),
      async () => undefined,
    )
    expect(before).toMatchObject({ ok: false, problem: { code: 'NOT_FOUND' } })
  })

  it('of all time follows two changes of key in the order of the log', async () => {
    const { report, counts } = verify(await lines(order({ from: 0, to: Date.now() + 1 })))
    expect(report.ok).toBe(true)
    expect(counts).toMatchObject({ batches: 5, records: 9, sales: 7 })
  })
})

describe('the arguments of oiltrail export', () => {
  it('reads days and minutes in China time, and epoch milliseconds', () => {
    const parsed = parseExport([
      'f.jsonl',
      '--site',
      'S001',
      '--from',
      '2026-11-23',
      '--to',
      '2026-11-23 14:05',
    ])
    expect(parsed).toMatchObject({
      file: 'f.jsonl',
      from: Date.UTC(2026, 10, 22, 16),
      to: Date.UTC(2026, 10, 23, 6, 5),
    })
    const zoned = ['--from', '2026-11-23T14:05:30.250+08:00', '--to', '2026-11-23T06:05:31Z']
    expect(parseExport(['f', '--site', 'S1', ...zoned])).toMatchObject({
      from: Date.UTC(2026, 10, 23, 6, 5, 30, 250),
      to: Date.UTC(2026, 10, 23, 6, 5, 31),
    })
    expect(parseExport(['f', '--site', 'S1', '--from', '1795363200000', '--to', '1795363200001']).from).toBe(
      1_795_363_200_000,
    )
  })

  it.each([
    [['--site', 'S001', '--from', '2026-11-23', '--to', '2026-11-24'], /FILE/],
    [['f', '--site', 's 1', '--from', '2026-11-23', '--to', '2026-11-24'], /--site/],
    [['f', '--site', 'S001', '--from', 'yesterday', '--to', '2026-11-24'], /--from/],
    [['f', '--site', 'S001', '--from', '2026-02-30', '--to', '2026-11-24'], /--from/],
    [['f', '--site', 'S001', '--from', '2026-11-01T25:00', '--to', '2026-11-24'], /--from/],
    [['f', '--site', 'S001', '--from', '2026-11-01T10:00+99:00', '--to', '2026-11-24'], /--from/],
    [['f', '--site', 'S001', '--from', '2026-11-24', '--to', '2026-11-23'], /before/],
    [['f', '--sight', 'S001'], /sight/],
  ])('%j is refused', (args, message) => {
    expect(() => parseExport(args)).toThrow(message)
  })
})
