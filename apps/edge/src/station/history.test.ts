import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suites } from '@oiltrail/evidence/node'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DISK, type SpoolFiles } from '../spool/files.ts'
import { Spool } from '../spool/spool.ts'
import { historyDelivery, historyEnd, historyLoad, historyTotal, importHistory } from './history.ts'

const log = pino({ level: 'silent' })
const AT = 1_795_413_600_000
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function opened(
  files: SpoolFiles = DISK,
  onFatal: (error: unknown) => void = () => {},
): Promise<Spool> {
  const spool = await Spool.open({
    directory: join(folder, 'spool'),
    device: '520327-S001-A',
    channel: 'volume',
    algorithm: 'P256-SHA256',
    hash: suites['P256-SHA256'].hash,
    maxBytes: 67_108_864,
    groupDelayMs: 0,
    files,
    onFatal,
  })
  if (!spool.ok) throw new Error(spool.problem.detail)
  return spool.value
}

const fact = (i: number): string =>
  JSON.stringify({ at: AT + i, kind: 'total', nozzle: '1', totalMillilitres: i * 10, source: 'pulse' })

async function textOf(spool: Spool, seq: number): Promise<string> {
  const slice = await spool.read(seq, { records: 1, bytes: 10_000 })
  if (!slice.ok) throw new Error(slice.problem.detail)
  return Buffer.from(slice.value.lines[0]!).toString()
}

describe('the import of history', () => {
  it('puts every line into the chain as it stands, once, with or without a line feed at the end', async () => {
    const path = join(folder, 'a.jsonl')
    await writeFile(path, Array.from({ length: 2_500 }, (_, i) => fact(i)).join('\n'))
    const spool = await opened()
    expect(await importHistory(spool, path, log)).toEqual({ ok: true, value: 2_500 })
    expect(spool.durableSeq).toBe(2_500)
    expect(await textOf(spool, 1_700)).toBe(`{"seq":1700,${fact(1_699).slice(1)}`)
    expect(await importHistory(spool, path, log)).toEqual({ ok: true, value: undefined })
    await spool.close()
    const again = await opened()
    expect(await importHistory(again, path, log)).toEqual({ ok: true, value: undefined })
    await again.close()
  })

  it('tells where the history ends, so that totalizers, deliveries and loads go on from there', async () => {
    const path = join(folder, 'a.jsonl')
    const delivery = {
      kind: 'delivery',
      tank: 'T1',
      startedAt: AT,
      startMillilitres: 1,
      endMillilitres: 2,
      startMicrometres: 1,
      endMicrometres: 2,
      startCentiCelsius: 1,
      endCentiCelsius: 2,
    }
    const load = (batch: number): string =>
      JSON.stringify({
        at: AT + batch,
        kind: 'load',
        arm: 'A1',
        batch,
        volumeMillilitres: 5,
        volume20Millilitres: 5,
        temperatureCentiCelsius: 2_000,
        totalMillilitres: batch * 5,
        startedAt: AT,
      })
    const facts = [fact(1), JSON.stringify({ at: AT + 5, ...delivery }), load(6), load(7), fact(9)]
    await writeFile(path, facts.map((text) => `${text}\n`).join(''))
    const spool = await opened()
    await importHistory(spool, path, log)
    expect([historyTotal(spool, '1'), historyTotal(spool, '2')]).toEqual([90, undefined])
    expect([historyDelivery(spool, 'T1'), historyDelivery(spool, 'T2')]).toEqual([AT + 5, undefined])
    expect(historyLoad(spool, 'A1')).toEqual({ batch: 7, totalMillilitres: 35 })
    expect(historyLoad(spool, 'A2')).toBeUndefined()
    expect(historyEnd(spool)).toBe(AT + 9)
    await spool.close()
  })

  it('skips lines that no platform would take, and counts only the others', async () => {
    const path = join(folder, 'a.jsonl')
    const bad = [
      '',
      'x',
      '{"at":1}',
      '[1]',
      `{"seq":7,${fact(1).slice(1)}`,
      fact(1).replace('pulse', 'guess'),
      `{"a":"${'x'.repeat(2_000)}"}`,
    ]
    await writeFile(path, [fact(1), ...bad, fact(2)].map((text) => `${text}\n`).join(''))
    const spool = await opened()
    expect(await importHistory(spool, path, log)).toEqual({ ok: true, value: 2 })
    expect(await textOf(spool, 2)).toContain('"totalMillilitres":20')
    await spool.close()
  })

  it('neither loses nor doubles a line when it is broken off at any commit', async () => {
    const path = join(folder, 'a.jsonl')
    const count = 6_300
    await writeFile(path, Array.from({ length: count }, (_, i) => `${fact(i)}\n`).join(''))
    let finished = false
    for (let allowed = 1; !finished; allowed++) {
      let writes = 0
      // The process dies at a write: from then on nothing reaches the disk any more.
      const dying: SpoolFiles = {
        ...DISK,
        write: (file, bytes, position) =>
          ++writes > allowed ? Promise.reject(new Error('killed')) : DISK.write(file, bytes, position),
      }
      let die = (): void => {}
      const death = new Promise<void>((resolve) => {
        die = resolve
      })
      const spool = await opened(dying, () => die())
      const whole = importHistory(spool, path, log).then(() => {
        finished = true
      })
      await Promise.race([whole, death])
      await spool.close()
    }
    const spool = await opened()
    expect(spool.durableSeq).toBe(count)
    for (const seq of [1, 1_000, 1_001, 3_500, count])
      expect(await textOf(spool, seq)).toContain(`"at":${AT + seq - 1},`)
    await spool.close()
  })

  it('does nothing without a file', async () => {
    const spool = await opened()
    expect(await importHistory(spool, join(folder, 'none.jsonl'), log)).toEqual({
      ok: true,
      value: undefined,
    })
    await spool.close()
  })
})
