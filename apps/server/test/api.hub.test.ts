import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventHub } from '../src/api/hub.ts'
import { Pace } from '../src/api/pace.ts'
import { until } from './stand.ts'

let server: Server
let hub: EventHub
beforeEach(async () => {
  hub = new EventHub(100)
  server = createServer((request, response) => {
    const last = request.headers['last-event-id']
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    hub.add(response, typeof last === 'string' ? last : undefined, 'test')
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
})
afterEach(async () => {
  hub.close()
  server.closeAllConnections()
  await new Promise((down) => server.close(down))
})

/** A listener over a bare socket; what it got so far, and whether it reads at all. */
async function listen(lastEventId?: string) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const listener = { socket, text: '' }
  socket.on('data', (bytes) => {
    listener.text += bytes.toString()
  })
  socket.on('error', () => undefined)
  const before = hub.listeners
  const header = lastEventId === undefined ? '' : `Last-Event-ID: ${lastEventId}\r\n`
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${header}\r\n`)
  await until('the hub has the listener', () => hub.listeners === before + 1)
  return listener
}

const log = (size: number): ['log', { size: number }] => ['log', { size }]
const sizes = (text: string): number[] => [...text.matchAll(/"size":(\d+)/g)].map((match) => Number(match[1]))

describe('the event hub', () => {
  it('gives every listener every event, and only the last of a group the position', async () => {
    const [a, b] = [await listen(), await listen()]
    hub.send(101, [log(1), log(2)])
    hub.send(102, [log(3)])
    await until('both have all', () => [a, b].every(({ text }) => sizes(text).length === 3))
    expect([...a.text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1])).toEqual(['101', '102'])
    expect(sizes(b.text)).toEqual([1, 2, 3])
  })

  it('resumes with the groups of the position named and after it', async () => {
    hub.send(101, [log(1), log(2)])
    hub.send(102, [log(3)])
    hub.send(103, [log(4)])
    const back = await listen('102')
    await until('it has what it missed', () => sizes(back.text).length === 2)
    expect(sizes(back.text)).toEqual([3, 4])
    expect(back.text).not.toContain('reset')
  })

  it.each(['99', '104', 'x', ''])('says reset to one who comes back from %j', async (id) => {
    hub.send(103, [log(1)])
    const back = await listen(id)
    await until('it is told', () => back.text.includes('event: reset'))
    expect(sizes(back.text)).toEqual([])
  })

  it('keeps a bounded past', async () => {
    const filler = 'x'.repeat(50_000)
    for (let i = 0; i < 200; i++) hub.send(200 + i, [['channel', { device: filler } as never]])
    const late = await listen('201')
    await until('it is told', () => late.text.includes('event: reset'))
    const recent = await listen('398')
    await until('it has what it missed', () => recent.text.includes('id: 399'))
  })

  it('a listener that does not read costs a bounded buffer, harms nobody, and is told to load again', async () => {
    const [slow, quick] = [await listen(), await listen()]
    slow.socket.pause()
    const filler = 'x'.repeat(10_000)
    for (let i = 0; i < 2_000; i++) {
      hub.send(200 + i, [['channel', { device: filler } as never]])
      if (i % 20 === 0) await new Promise((turn) => setImmediate(turn))
    }
    await until('the quick one has all', () => quick.text.includes('id: 2199'))
    expect(quick.text).not.toContain('reset')
    slow.socket.resume()
    await until('the slow one is told', () => slow.text.includes('event: reset'))
    hub.send(9_999, [log(7)])
    await until('and hears again', () => sizes(slow.text).includes(7))
    expect(slow.text.length).toBeLessThan(quick.text.length)
  })

  it('a listener that reads nothing at all loses its place to another', async () => {
    const impatient = new EventHub(100, 20)
    const stuck = createServer((_request, response) => {
      response.writeHead(200)
      impatient.add(response, undefined, 'test')
    })
    await new Promise<void>((up) => stuck.listen(0, '127.0.0.1', up))
    try {
      const socket = connect((stuck.address() as AddressInfo).port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      )
      socket.on('error', () => undefined)
      socket.pause()
      await until('it listens', () => impatient.listeners === 1)
      const filler = 'x'.repeat(1_000_000)
      await until('its place is free', () => {
        impatient.send(200, [['channel', { device: filler } as never]])
        return impatient.listeners === 0
      })
      socket.destroy()
    } finally {
      impatient.close()
      stuck.closeAllConnections()
      await new Promise((down) => stuck.close(down))
    }
  })

  it('forgets who has gone', async () => {
    const gone = await listen()
    gone.socket.destroy()
    await until('it is forgotten', () => hub.listeners === 0)
  })
})

describe('pace', () => {
  it('lets the first through at once and the newest of a storm after the interval', async () => {
    const late: number[][] = []
    const pace = new Pace<number>(150, (values) => late.push(values))
    expect(pace.offer('a', () => 1)).toBe(1)
    expect(pace.offer('b', () => 10)).toBe(10)
    for (let i = 2; i < 50; i++) expect(pace.offer('a', () => i)).toBeUndefined()
    await until('the newest comes', () => late.length > 0)
    expect(late).toEqual([[49]])
    await new Promise((wake) => setTimeout(wake, 200))
    expect(pace.offer('a', () => 60)).toBe(60)
    pace.close()
  })
})
