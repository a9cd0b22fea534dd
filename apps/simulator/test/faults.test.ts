import { createHash } from 'node:crypto'
import { fromChina } from '@oiltrail/kernel'
import { blockAddress, LOOP_OPEN, PULSE_FLAGS, PULSE_INPUT, readBlock } from '@oiltrail/protocols/modbus'
import { dayTotal, dialectNamed, FrameDecoder, grandTotal } from '@oiltrail/protocols/taxport'
import { inventory } from '@oiltrail/protocols/tls350'
import { decodeBatch } from '@oiltrail/protocols/uplink'
import { describe, expect, test } from 'vitest'
import { pulseImage } from '../src/devices/modules.ts'
import { openControl } from '../src/faults/control.ts'
import { FaultDesk, parseFault } from '../src/faults/desk.ts'
import { FAULTS } from '../src/faults/registry.ts'
import { ask, liveCounty, NOON } from './harness.ts'

describe('the text of a fault order', () => {
  test.each([
    ['mains-out@S003', 'mains-out', 'S003', undefined, 0, undefined],
    ['board-silent@S003:2', 'board-silent', 'S003', '2', 0, undefined],
    ['board-silent@S003:2+10', 'board-silent', 'S003', '2', 10, undefined],
    ['line-cut@S001:7+10~60', 'line-cut', 'S001', '7', 10, 60],
    ['gauge-slow@D001+0~5', 'gauge-slow', 'D001', undefined, 0, 5],
  ])('%s is understood', (text, name, site, subject, delaySeconds, durationSeconds) => {
    const order = parseFault(text)
    expect(order).toMatchObject({ ok: true, value: { site, subject, delaySeconds, durationSeconds } })
    expect(order.ok && order.value.fault.name).toBe(name)
  })

  test.each([
    ['', 'INVALID_REQUEST'],
    ['mains-out', 'INVALID_REQUEST'],
    ['mains-out@', 'INVALID_REQUEST'],
    ['mains-out@s003', 'INVALID_REQUEST'],
    ['mains-out@S003+', 'INVALID_REQUEST'],
    ['mains-out@S003~5', 'INVALID_REQUEST'],
    ['mains-out@S003+-5', 'INVALID_REQUEST'],
    ['mains-out@S003+9999999', 'INVALID_REQUEST'],
    ['mains-out@S003 ', 'INVALID_REQUEST'],
    ['network@S003', 'NOT_FOUND'],
  ])('%s is refused with %s', (text, code) => {
    expect(parseFault(text)).toMatchObject({ ok: false, problem: { code } })
  })
})

describe('every fault of the registry', () => {
  test.each(FAULTS.filter(({ only }) => only !== 'history').map((fault) => [fault.name, fault] as const))(
    '%s has words in both languages, changes the site, and leaves it sound when it ends',
    async (name, fault) => {
      expect(fault.zh).toMatch(/[\u4e00-\u9fff]/)
      expect(fault.en.length).toBeGreaterThan(10)
      const { live, clock } = await liveCounty()
      const desk = new FaultDesk(live)
      const devices = live.sites[name === 'arm-silent' ? 20 : 0]!
      const state = (): string =>
        JSON.stringify([
          devices.site.powered,
          devices.conditions,
          [...devices.conditions.lines.values()].map((line) => line.state),
          [...devices.conditions.boards.values()].map((board) => [board.silent, [...board.quirks]]),
          [...devices.boards.values()].map(({ tax }) => tax.listening),
          devices.site.tampering,
          [...devices.site.tampering.active],
          devices.site.nozzles.map((nozzle) => [nozzle.tampering.bookedShare, nozzle.tampering.hiddenEvery]),
        ])
      const sound = state()
      expect(desk.order(`${name}@${devices.site.code}+60~60`)).toMatchObject({
        ok: true,
        value: { state: 'waiting' },
      })
      expect(state()).toBe(sound)
      clock.at += 61_000
      live.present()
      expect(desk.list()).toMatchObject([{ state: 'active' }])
      await expect.poll(state).not.toBe(sound)
      clock.at += 60_000
      live.present()
      expect(desk.list()).toEqual([])
      await expect.poll(state).toBe(sound)
    },
  )
})

describe('a forged batch', () => {
  test('is well-formed, chained and signed, by a key of the forger', async () => {
    const { live } = await liveCounty()
    const sent: Uint8Array[] = []
    const desk = new FaultDesk({
      world: live.world,
      mode: 'live',
      site: (code) => live.site(code),
      present: () => live.present(),
      send: (bytes) => void sent.push(bytes),
    })
    expect(desk.order('forged-batch@S003')).toMatchObject({ ok: true })
    const decoded = decodeBatch(sent[0]!)
    expect(decoded).toMatchObject({ ok: true, value: { header: { device: '520327-S003-A', first: 1 } } })
    const line = decoded.ok ? decoded.value.lines[0]! : new Uint8Array()
    const head = createHash('sha256').update(Buffer.alloc(32)).update(line).digest('hex')
    expect(decoded.ok && decoded.value.head).toBe(head)
  })
})

describe('faults as a collector meets them', () => {
  const GRAND = grandTotal.writeRequest({ gun: 1, queryMode: 0, returnMode: 1 })
  const FULL = (bytes: Buffer): boolean => bytes.length >= 30

  test('board-silent keeps the port open and the board dumb; its neighbours answer', async () => {
    const { live } = await liveCounty()
    const desk = new FaultDesk(live)
    expect(desk.order('board-silent@S001:2').ok).toBe(true)
    const boards = live.sites[0]!.boards
    expect(await ask(boards.get('2')!.tax.port, GRAND, FULL, { timeoutMs: 150 })).toBeUndefined()
    expect(await ask(boards.get('1')!.tax.port, GRAND, FULL)).toBeDefined()
  })

  test('port-closed refuses connections and comes back on the same port', async () => {
    const { live } = await liveCounty()
    const desk = new FaultDesk(live)
    const board = live.sites[0]!.boards.get('1')!
    const port = board.tax.port
    const ordered = desk.order('port-closed@S001:1')
    await expect.poll(() => ask(port, GRAND, FULL).catch(() => 'refused')).toBe('refused')
    if (ordered.ok) desk.cancel(ordered.value.id)
    await expect.poll(() => board.tax.listening).toBe(true)
    expect(board.tax.port).toBe(port)
    expect(await ask(port, GRAND, FULL)).toBeDefined()
  })

  test('line-cut opens the loop, counts nothing, and what flowed meanwhile never comes back as pulses', async () => {
    const { live, clock } = await liveCounty()
    const desk = new FaultDesk(live)
    const { site, conditions } = live.sites[0]!
    const nozzle = site.nozzles.find(({ plan }) => plan.input !== undefined)!
    const input = () => {
      const image = pulseImage(site, conditions, NOON, live.present())
      const address = blockAddress(PULSE_INPUT, nozzle.plan.input)
      const block = readBlock(PULSE_INPUT, image.slice(address, address + PULSE_INPUT.length))
      if (!block.ok) throw new Error(block.problem.detail)
      return block.value
    }
    const before = input().pulsesA
    const sold = nozzle.truth.meteredMillilitres
    expect(desk.order(`line-cut@S001:${nozzle.plan.nozzle}+0~7200`).ok).toBe(true)
    clock.at += 7_000_000
    expect(input()).toMatchObject({ pulsesA: before, loopOhms: LOOP_OPEN, flags: PULSE_FLAGS.lineCut })
    clock.at = NOON + 7_230_000
    expect(input()).toMatchObject({ loopOhms: nozzle.plan.loopOhms, flags: PULSE_FLAGS.lineCut })
    clock.at += 60_000
    expect(input().flags).toBe(0)
    clock.at += 3_600_000
    const counted = input().pulsesA - before
    const flowed = (nozzle.truth.meteredMillilitres - sold) / 10
    expect(counted).toBeGreaterThan(0)
    expect(counted).toBeLessThan(flowed - 5_000)
  })

  test('mains-out silences boards and gauge and stops sales, while the pulse module reports it', async () => {
    const { live, clock } = await liveCounty()
    const desk = new FaultDesk(live)
    const devices = live.sites[0]!
    expect(desk.order('mains-out@S001').ok).toBe(true)
    expect(await ask(devices.boards.get('1')!.tax.port, GRAND, FULL, { timeoutMs: 150 })).toBeUndefined()
    expect(
      await ask(devices.gauge.port, inventory.writeRequest(0), () => true, { timeoutMs: 150 }),
    ).toBeUndefined()
    expect(pulseImage(devices.site, devices.conditions, NOON, live.present())[1]).toBe(0)
    clock.at += 20 * 60_000
    live.present()
    const sales = (): number => devices.site.nozzles.reduce((sum, nozzle) => sum + nozzle.truth.sales, 0)
    const dark = sales()
    clock.at += 3_600_000
    live.present()
    expect(sales()).toBe(dark)
  })

  test('quirks of the day total: nothing before the first sale, or yesterday for a minute after midnight', async () => {
    const { live, clock } = await liveCounty()
    const desk = new FaultDesk(live)
    // A village station that closes at ten: nothing is sold around midnight.
    const { dispenser, tax } = live.site('S009')!.boards.get('1')!
    const nozzle = dispenser.nozzles[0]!
    clock.at = fromChina(2026, 11, 24, 0, 0, 20) - dispenser.plan.clockOffsetMs
    const today = async (): Promise<unknown> => {
      const request = dayTotal.writeRequest({ gun: 1, date: '20261124', returnMode: 0 })
      const bytes = await ask(tax.port, request, (answer) => answer.length >= 2 + answer[1]!)
      const frames = new FrameDecoder().feed(bytes!).flatMap((event) => (event.ok ? [event.value] : []))
      const answer = dayTotal.readAnswer(frames, dialectNamed(dispenser.plan.dialect)!)
      return answer.ok ? answer.value : answer.problem
    }
    const nothing = { date: '20261124', volumeMillilitres: 0, amountFen: 0 }
    expect(await today()).toMatchObject({ status: 1, value: nothing })
    const quirk = desk.order('midnight@S009:1')
    expect(await today()).toMatchObject({
      status: 1,
      value: { date: '20261123', volumeMillilitres: nozzle.truth.meteredMillilitres },
    })
    clock.at += 60_000
    expect(await today()).toMatchObject({ status: 1, value: nothing })
    if (quirk.ok) desk.cancel(quirk.value.id)
    expect(desk.order('no-sale-today@S009:1').ok).toBe(true)
    expect(await today()).toEqual({ status: 0 })
  })

  test('a subject that is not there, or that the fault does not take, is refused', async () => {
    const { live } = await liveCounty()
    const desk = new FaultDesk(live)
    for (const [text, code] of [
      ['board-silent@S099', 'NOT_FOUND'],
      ['board-silent@S001:99', 'NOT_FOUND'],
      ['line-cut@S001:99', 'NOT_FOUND'],
      ['mains-out@S001:1', 'INVALID_REQUEST'],
    ] as const)
      expect(desk.order(text)).toMatchObject({ ok: false, problem: { code } })
    expect(desk.cancel(1)).toMatchObject({ ok: false, problem: { code: 'NOT_FOUND' } })
  })
})

describe('the control', () => {
  test('lists, orders and takes back faults, tells the truth, and refuses everything else', async () => {
    const { live } = await liveCounty()
    const control = await openControl(live, new FaultDesk(live), 0)
    try {
      const call = async (method: string, path: string, body?: unknown, type = 'application/json') => {
        const answer = await fetch(`${control.url}${path}`, {
          method,
          ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }),
        })
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
      }
      const known = (await call('GET', '/faults')).body.known as { name: string }[]
      expect(known.map(({ name }) => name)).toEqual(
        FAULTS.filter(({ only }) => only !== 'history').map(({ name }) => name),
      )
      const ordered = await call('POST', '/faults', { fault: 'cabinet-open@S002' })
      expect(ordered).toMatchObject({ status: 201, body: { id: 1, state: 'active' } })
      expect(live.site('S002')!.conditions.cabinetOpen).toBe(true)
      expect((await call('DELETE', '/faults/1')).status).toBe(200)
      expect(live.site('S002')!.conditions.cabinetOpen).toBe(false)
      expect((await call('POST', '/faults', { fault: 'test-cans@S001:1' })).status).toBe(201)
      expect((await call('GET', '/statements')).body.statements).toContainEqual(
        expect.objectContaining({
          type: 'window',
          window: expect.objectContaining({ site: 'S001', part: 'nozzle/1', purpose: 'verification' }),
        }),
      )
      expect((await call('POST', '/faults', { fault: 'clock-back@S001' })).status).toBe(400)
      expect((await call('GET', '/truth')).body).toMatchObject({ at: NOON })
      expect(await call('POST', '/faults', { fault: 'nonsense' })).toMatchObject({
        status: 400,
        body: { code: 'INVALID_REQUEST', happened: { zh: '请求参数错误' } },
      })
      expect((await call('POST', '/faults', { fault: 1 })).status).toBe(400)
      expect((await call('POST', '/faults', { fault: 'mains-out@S001' }, 'text/plain')).status).toBe(400)
      expect((await call('POST', '/faults', { fault: 'x'.repeat(5_000) })).status).toBe(413)
      expect((await call('DELETE', '/faults/1')).status).toBe(404)
      expect((await call('GET', '/nothing')).status).toBe(404)
    } finally {
      await control.close()
    }
  })
})
