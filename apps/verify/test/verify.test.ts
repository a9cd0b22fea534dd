import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EvidenceReport, EvidenceVerifier, parseVkey, type Trust } from '@oiltrail/evidence'
import { generateKeyPair, platform } from '@oiltrail/evidence/node'
import { platform as webPlatform } from '@oiltrail/evidence/web'
import { utf8Bytes } from '@oiltrail/kernel'
import { UplinkInspector } from '@oiltrail/protocols/uplink'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runVerify } from '../src/cli.ts'
import { eachLine } from '../src/lines.ts'
import { DEVICE, must, START, TestChannel, TestCounty } from './county.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'oiltrail-verify-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function verify(text: string | Uint8Array, trust: Trust = { vkeys: [] }, on = platform): EvidenceReport {
  const verifier = new EvidenceVerifier(on, trust, new UplinkInspector(on))
  const bytes = typeof text === 'string' ? utf8Bytes(text) : text
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    verifier.line(bytes.subarray(start, end))
    start = end + 1
  }
  if (start < bytes.length) verifier.line(bytes.subarray(start))
  return verifier.finish(start === bytes.length)
}

/** Names of the steps that failed, with the code of each one's first failure and where it is. */
function failures(report: EvidenceReport): string[] {
  return report.steps
    .filter((step) => step.failed > 0)
    .map(({ id, first }) => `${id} ${first?.problem.code} line ${first?.line}`)
}

/** A county with one collector: enrolment, three volume batches around a rotated key, two price batches. */
function county() {
  const log = new TestCounty()
  const volume = new TestChannel('volume', generateKeyPair('SM2-SM3'))
  const price = new TestChannel('price', generateKeyPair('P256-SHA256'))
  log.desk({
    v: 1,
    action: 'device-revoked',
    actor: 'admin',
    at: START,
    device: '520327-S009-A',
    reason: 'test',
  })
  const enrolled = log.enrol({ volume: volume.signer, price: price.signer })
  const entries = [
    log.batch('volume', volume.batch(3)),
    log.batch('price', price.batch(2)),
    log.batch('volume', volume.batch(4, generateKeyPair('SM2-SM3'))),
    log.batch('volume', volume.batch(2)),
    log.batch('price', price.batch(1)),
  ]
  return { log, volume, price, enrolled, entries }
}

describe('an evidence file', () => {
  it('verifies against the key of the auditor, on Node and in the browser code, and counts what it holds', async () => {
    const { log, enrolled, entries } = county()
    const text = await log.evidence([enrolled], entries)
    for (const [i, vkey] of log.vkeys.entries())
      for (const on of [platform, webPlatform]) {
        const report = verify(text, { vkeys: [must(parseVkey(platform.sha256, vkey))] }, on)
        expect(failures(report), `key ${i}`).toEqual([])
        expect(report).toMatchObject({ ok: true, trust: 'auditor', checkpoint: { size: log.tree.size } })
        expect(report.notes.map((note) => note.en)).toEqual([
          `${DEVICE} volume: records 1 to 9, without a hole`,
          `${DEVICE} price: records 1 to 3, without a hole`,
        ])
      }
    const other = new TestCounty()
    expect(verify(text, { vkeys: [must(parseVkey(platform.sha256, other.vkeys[0]!))] }).ok).toBe(false)
  })

  it('is broken by every changed, lost or added byte', { timeout: 120_000 }, async () => {
    const { log, enrolled, entries } = county()
    const bytes = utf8Bytes(await log.evidence([enrolled], entries.slice(0, 2)))
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice()
      changed[i]! ^= 1 << (i % 8)
      expect(verify(changed).ok, `byte ${i}`).toBe(false)
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 3 }), (at, junk) => {
        const cut = verify(bytes.subarray(0, at))
        const spliced = new Uint8Array([...bytes.subarray(0, at), ...junk, ...bytes.subarray(at)])
        return !cut.ok && (junk.length === 0 || !verify(spliced).ok)
      }),
      { numRuns: 60 },
    )
  })

  it('made by a forger who may write everything but the signature of the log is refused by the step concerned', async () => {
    const { log, volume, enrolled, entries } = county()
    const forged = new TestCounty()
    // A log of their own, signed by a key of their own.
    const channel = new TestChannel('volume', generateKeyPair('SM2-SM3'))
    const position = forged.enrol({ volume: channel.signer, price: channel.signer })
    const at = forged.batch('volume', channel.batch(3))
    const trust = { vkeys: [must(parseVkey(platform.sha256, log.vkeys[0]!))] }
    expect(failures(verify(await forged.evidence([position], [at]), trust))[0]).toBe(
      'checkpoint UNKNOWN_KEY line 1',
    )
    // Their entries under the true checkpoint.
    const text = await forged.evidence([position], [at], { manifest: { checkpoint: log.checkpoint() } })
    expect(failures(verify(text, trust))).toEqual(['inclusion EVIDENCE_INVALID line 2'])
    // Other bytes under a true leaf.
    const genuine = log.entries[entries[0]!]!
    log.entries[entries[0]!] = { ...genuine, raw: volume.batch(1).raw }
    expect(failures(verify(await log.evidence([enrolled], entries), trust))).toContain(
      'bytes EVIDENCE_INVALID line 3',
    )
    log.entries[entries[0]!] = genuine
    expect(verify(await log.evidence([enrolled], entries), trust).ok).toBe(true)
  })

  it('of a platform that itself cheats is refused: unsigned, re-chained, forked and misattributed batches', async () => {
    const { log, volume, enrolled } = county()
    const head = volume.head
    const genuine = volume.batch(2)
    const badSignature = { ...genuine, raw: genuine.raw.slice() }
    badSignature.raw[badSignature.raw.length - 12]! ^= 1
    const cases: [string, number][] = []
    cases.push(['batches', log.batch('volume', badSignature)])
    const range = { ...genuine, last: genuine.last + 1 }
    cases.push(['batches', log.batch('volume', range)])
    cases.push(['batches', log.batch('price', genuine)])
    const fork = new TestChannel('volume', { signer: volume.signer, privateKeyPem: '' })
    fork.seq = 9
    fork.head = head.replace(/^../, head.startsWith('00') ? '01' : '00')
    cases.push(['chain', log.batch('volume', fork.batch(2))])
    const another = new TestChannel('volume', { signer: volume.signer, privateKeyPem: '' })
    another.seq = 100_000 // Made more than a day after the span began, and received within it.
    cases.push(['scope', log.batch('volume', another.batch(1))])
    const keysOfAll = [enrolled, 4]
    const good = log.batch('volume', genuine)
    expect(failures(verify(await log.evidence(keysOfAll, [2, 5, good])))).toEqual([])
    for (const [step, position] of cases) {
      const report = verify(
        await log.evidence(
          keysOfAll,
          [5, position].sort((a, b) => a - b),
        ),
      )
      expect(report.ok).toBe(false)
      expect(failures(report)[0], `position ${position}`).toMatch(new RegExp(`^${step} `))
    }
  })

  it('knows the keys of the place: none before enrolment, after revocation, after rotation, or of another channel', async () => {
    const log = new TestCounty()
    const first = generateKeyPair('SM2-SM3')
    const volume = new TestChannel('volume', first)
    const price = new TestChannel('price', generateKeyPair('SM2-SM3'))
    const early = log.batch('volume', volume.batch(1))
    const enrolled = log.enrol({ volume: volume.signer, price: price.signer })
    const rotation = log.batch('volume', volume.batch(1, generateKeyPair('SM2-SM3')))
    const second = volume.signer
    const good = log.batch('volume', volume.batch(1))
    volume.signer = first.signer
    const stale = log.batch('volume', volume.batch(1))
    volume.signer = price.signer
    const crossed = log.batch('volume', volume.batch(1))
    volume.signer = second
    const revoked = log.desk({
      v: 1,
      action: 'device-revoked',
      actor: 'admin',
      at: START,
      device: DEVICE,
      reason: 'x',
    })
    const late = log.batch('volume', volume.batch(1))
    const outcome = async (position: number): Promise<string[]> =>
      failures(verify(await log.evidence([enrolled, rotation, revoked], [position])))
    expect(await outcome(good)).toEqual([])
    expect(await outcome(early)).toEqual(['batches UNKNOWN_DEVICE line 2'])
    expect(await outcome(stale)).toEqual(['batches UNKNOWN_KEY line 4'])
    expect(await outcome(crossed)).toEqual(['batches UNKNOWN_KEY line 4'])
    expect(await outcome(late)).toEqual(['batches UNKNOWN_DEVICE line 5'])
  })

  it('lists gaps, accepts back-fill and overlaps in any order, and finds a fork hidden inside another batch', async () => {
    const log = new TestCounty()
    const volume = new TestChannel('volume', generateKeyPair('SM2-SM3'))
    const enrolled = log.enrol({ volume: volume.signer, price: volume.signer })
    const big = volume.batch(10)
    const hole = volume.batch(5)
    const after = volume.batch(5)
    const positions = [log.batch('volume', after), log.batch('volume', big)]
    const gap = verify(await log.evidence([enrolled], positions))
    expect(gap.ok).toBe(true)
    expect(gap.notes[0]?.en).toContain('records 11 to 15 are missing')
    positions.push(log.batch('volume', hole))
    const whole = verify(await log.evidence([enrolled], positions))
    expect(whole.notes.map((note) => note.en)).toEqual([`${DEVICE} volume: records 1 to 20, without a hole`])
    const clone = new TestChannel('volume', { signer: volume.signer, privateKeyPem: '' })
    clone.seq = 3
    clone.head = 'ab'.repeat(32)
    positions.push(log.batch('volume', clone.batch(2)))
    expect(failures(verify(await log.evidence([enrolled], positions)))).toEqual(['chain CHAIN_FORK line 6'])
  })

  it('shows that a log grew from an older checkpoint, and that a log made anew did not', async () => {
    const { log, volume, enrolled, entries } = county()
    const [older, olderSize] = [log.checkpoint(), log.tree.size]
    entries.push(log.batch('volume', volume.batch(2)))
    const trust = { vkeys: [must(parseVkey(platform.sha256, log.vkeys[0]!))] }
    const text = await log.evidence([enrolled], entries, { older, olderSize })
    expect(verify(text, { ...trust, older })).toMatchObject({ ok: true, olderSize })
    expect(verify(text, trust)).toMatchObject({ ok: true, olderSize })
    const without = await log.evidence([enrolled], entries)
    expect(failures(verify(without, { ...trust, older }))).toEqual(['consistency EVIDENCE_INVALID line 1'])
    expect(verify(without, { ...trust, older: log.checkpoint() }).ok).toBe(true)

    const anew = new TestCounty()
    anew.noteSigners.splice(0, 2, ...log.noteSigners)
    const other = new TestChannel('volume', generateKeyPair('SM2-SM3'))
    const position = anew.enrol({ volume: other.signer, price: other.signer })
    const made = Array.from({ length: 9 }, () => anew.batch('volume', other.batch(1)))
    const forged = await anew.evidence([position], made, { older, olderSize })
    expect(failures(verify(forged, { ...trust, older }))).toEqual(['consistency EVIDENCE_INVALID line 1'])
    expect(verify(forged.replace(/"older".*?\},?/, ''), trust).ok).toBe(false)
  })

  it('of another site or county than its manifest says is refused', async () => {
    const { log, enrolled, entries } = county()
    const otherSite = await log.evidence([enrolled], entries, { manifest: { site: 'S002' } })
    expect(failures(verify(otherSite))[0]).toBe('batches EVIDENCE_INVALID line 3')
    const otherCounty = await log.evidence([enrolled], entries, { manifest: { county: '520328' } })
    expect(failures(verify(otherCounty))[0]).toBe('scope EVIDENCE_INVALID line 2')
  })

  it('without an entry is refused, however well it is signed: it shows nothing', async () => {
    const { log, enrolled, entries } = county()
    expect(verify(await log.evidence([enrolled], entries)).ok).toBe(true)
    for (const keys of [[enrolled], []])
      expect(failures(verify(await log.evidence(keys, [])))).toEqual([
        `format MALFORMED line ${keys.length + 2}`,
      ])
  })

  it('of lines nested deeper than any reader is refused line by line, and the rest is still read', async () => {
    const { log, enrolled, entries } = county()
    const [manifest, ...rest] = (await log.evidence([enrolled], entries)).split(/(?<=\n)/)
    for (const nested of ['['.repeat(400_000), `${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}`]) {
      const report = verify([manifest, `${nested}\n`, ...rest].join(''))
      expect(failures(report)).toEqual(['format MALFORMED line 2'])
      expect(report.steps.find(({ id }) => id === 'batches')).toMatchObject({ checked: 5, failed: 0 })
    }
  })

  it('of junk is refused and never makes the verifier throw', () => {
    const lines = fc.array(
      fc.oneof(fc.json(), fc.string(), fc.constantFrom('', 'null', '[]', '{"part":"end"}')),
    )
    fc.assert(fc.property(lines, (junk) => !verify(`${junk.join('\n')}\n`).ok))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (junk) => !verify(junk).ok))
    expect(verify('').ok).toBe(false)
    expect(verify(`{"a":"${'x'.repeat(600_000)}"}\n`).ok).toBe(false)
  })
})

describe('the command', () => {
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: [string[], string[]] = [[], []]
    const code = await runVerify(args, { out: (line) => out.push(line), err: (line) => err.push(line) })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  const path = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('exits 0, 1, 2 and 3, and says in both languages what was proved and what was not', async () => {
    const { log, volume, enrolled, entries } = county()
    const [older, olderSize] = [log.checkpoint(), log.tree.size]
    entries.push(log.batch('volume', volume.batch(1)))
    const text = await log.evidence([enrolled], entries, { older, olderSize })
    const file = path('good.jsonl', text)
    const vkey = path('vkey', `${log.vkeys[0]}\n`)
    const full = await run(file, '--vkey', vkey, '--older', path('older', older), '--lang', 'en')
    expect(full.code).toBe(0)
    expect(full.out).toContain('6 batches, 13 records')
    expect(full.out).toContain(`The first ${olderSize} entries are exactly those of the older checkpoint`)
    expect(full.out).not.toContain('--vkey')
    const zh = await run(file, '--lang', 'zh')
    expect(zh.code, 'a stranger makes such a file with keys of their own').toBe(3)
    expect(zh.out).toContain('没有提供独立取得的验证公钥')
    expect(zh.out).toContain('不能证明出自哪个日志')
    expect(zh.out).not.toContain('校验通过')
    expect(zh.out).not.toContain('已证明')
    const keptOnly = await run(file, '--older', path('older', older), '--lang', 'en')
    expect(keptOnly.code, 'what came after the kept checkpoint is vouched for by the key alone').toBe(3)
    const stranger = county().log
    expect((await run(file, '--vkey', stranger.vkeys[0]!)).code, "another log's key").toBe(1)
    expect(zh.out).toContain('加油 9 笔')
    const bad = await run(
      path('bad.jsonl', text.replace('"raw":"', '"raw":"AAAA')),
      '--vkey',
      log.vkeys[1]!,
      '--lang',
      'zh',
    )
    expect(bad.code).toBe(1)
    expect(bad.out).toContain('校验不通过')
    expect(bad.out).toContain('第 2 行')
    expect((await run(join(folder, 'absent'), '--lang', 'en')).code).toBe(2)
    expect((await run('--lang', 'en')).err).toContain('name one evidence file')
    expect((await run(file, '--vkey', 'nonsense', '--lang', 'en')).err).toContain('cannot read nonsense')
    expect((await run(file, '--nonsense')).code).toBe(2)
    // Files that never end are not read to their end.
    for (const option of ['--vkey', '--older'])
      expect(await run(file, option, '/dev/zero', '--lang', 'en')).toMatchObject({
        code: 2,
        err: expect.stringContaining('too large'),
      })
    expect((await run('/dev/zero', '--vkey', vkey)).code).toBe(1)
    expect((await run('--help', '--lang', 'zh')).out).toContain('用法')
  })

  it('prints JSON for programs', async () => {
    const { log, enrolled, entries } = county()
    const file = path('json.jsonl', await log.evidence([enrolled], entries))
    const unattributed = JSON.parse((await run(file, '--json')).out) as Record<string, unknown>
    expect(unattributed).toMatchObject({ ok: false, consistent: true, trust: 'file' })
    const result = await run(file, '--vkey', log.vkeys[0]!, '--json')
    const report = JSON.parse(result.out) as {
      ok: boolean
      counts: Record<string, number>
      steps: { id: string }[]
    }
    expect(report.ok).toBe(true)
    expect(report.counts).toMatchObject({ records: 12, batches: 5, sales: 8, desk: 1 })
    expect(report.steps.map((step) => step.id)).toEqual([
      'format',
      'checkpoint',
      'inclusion',
      'bytes',
      'scope',
      'desk',
      'batches',
      'records',
      'chain',
    ])
  })

  it('runs as a program of its own', async () => {
    const { log, enrolled, entries } = county()
    const file = path('own.jsonl', await log.evidence([enrolled], entries))
    const main = new URL('../src/main.ts', import.meta.url).pathname
    const out = execFileSync(
      process.execPath,
      ['--import', 'tsx', main, file, '--vkey', log.vkeys[0]!, '--lang', 'en'],
      {
        encoding: 'utf8',
      },
    )
    expect(out).toContain('Result: the evidence verifies (12 records')
  })

  it('splits a file into the same lines wherever its chunks end', async () => {
    const text = `${'a'.repeat(1 << 20)}\n\n${'b'.repeat(100)}\n`.replace(/a{9}/g, 'aaaa\naaaa')
    const lines: string[] = []
    const complete = await eachLine(path('lines', text), (line) => lines.push(Buffer.from(line).toString()))
    expect(complete).toBe(true)
    expect(lines.join('\n')).toBe(text.slice(0, -1))
    expect(await eachLine(path('cut', 'a\nb'), () => {})).toBe(false)
  })
})
