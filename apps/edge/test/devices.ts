import { createServer, type Server, type Socket } from 'node:net'
import { modbus, taxport, tls350 } from '@oiltrail/protocols'

/** A device on a socket of its own, for tests: built from the response side of the codecs. */
export interface TestDevice {
  readonly address: string
  /** Cuts all connections and listens no more. */
  unplug(): Promise<void>
  plug(): Promise<void>
}

/** Listens on a free port; `converse` makes the device's side of one connection. */
async function device(
  converse: (send: (bytes: Uint8Array) => void) => (bytes: Buffer) => void,
): Promise<TestDevice> {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const plug = async (): Promise<void> => {
    const fresh = createServer((socket) => {
      sockets.add(socket)
      socket.on(
        'data',
        converse((bytes) => socket.write(bytes)),
      )
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => fresh.listen(port, '127.0.0.1', resolve))
    port = (fresh.address() as { port: number }).port
    server = fresh
  }
  await plug()
  return {
    address: `tcp://127.0.0.1:${port}`,
    plug,
    async unplug() {
      const old = server
      server = undefined
      for (const socket of sockets) socket.destroy()
      if (old) await new Promise<void>((resolve) => old.close(() => resolve()))
    },
  }
}

/** A gun of the test board. */
export interface TestGun {
  totalMillilitres: number
  totalFen: number
  priceFenPerLitre: number
  last: taxport.LastSale | undefined
}

/** A dispenser's board with its tax-control port. */
export interface TestBoard extends TestDevice {
  readonly guns: Map<number, TestGun>
  silent: boolean
  /** Sells at the gun's price. */
  sell(gun: number, volumeMillilitres: number): void
}

export async function testBoard(dialectName: string, guns: readonly number[]): Promise<TestBoard> {
  const dialect = taxport.dialectNamed(dialectName)!
  const state = new Map<number, TestGun>(
    guns.map((gun) => [
      gun,
      { totalMillilitres: 1_000_000, totalFen: 750_000, priceFenPerLitre: 750, last: undefined },
    ]),
  )
  const board = {
    guns: state,
    silent: false,
    sell(number: number, volumeMillilitres: number): void {
      const gun = state.get(number)!
      const amountFen = Math.round((volumeMillilitres * gun.priceFenPerLitre) / 1000)
      gun.totalMillilitres += volumeMillilitres
      gun.totalFen += amountFen
      gun.last = { boardTime: '230915', volumeMillilitres, amountFen, priceFenPerLitre: gun.priceFenPerLitre }
    },
  }
  const answer = (frame: taxport.Frame): Uint8Array | undefined => {
    const gun = state.get(frame.body[0]!)
    if (board.silent || !gun) return undefined
    const data = { status: taxport.STATUS_DATA }
    const sums = { volumeMillilitres: gun.totalMillilitres, amountFen: gun.totalFen }
    if (frame.command === taxport.grandTotal.command)
      return taxport.grandTotal.writeAnswer({ ...data, value: sums }, dialect)
    if (frame.command === taxport.lastSale.command)
      return taxport.lastSale.writeAnswer(gun.last ? { ...data, value: gun.last } : { status: 0 }, dialect)
    if (frame.command === taxport.dayTotal.command) {
      const request = taxport.dayTotal.readRequest(frame)
      if (!request.ok) return undefined
      const value = {
        date: request.value.date,
        volumeMillilitres: 10,
        amountFen: 7,
        priceFenPerLitre: gun.priceFenPerLitre,
      }
      return taxport.dayTotal.writeAnswer({ ...data, value }, dialect)
    }
    if (frame.command === taxport.monthTotal.command) {
      const request = taxport.monthTotal.readRequest(frame)
      if (!request.ok) return undefined
      return taxport.monthTotal.writeAnswer(
        { ...data, value: { month: request.value.month, ...sums } },
        dialect,
      )
    }
    const tax = {
      gunCodes: '01',
      taxpayerNumber: '91000000000000000X',
      oilCode: '1020',
      boardClock: '202611231315',
    }
    return taxport.boardInfo.writeAnswer({ ...data, value: { factoryNumber: '1234567890', tax } }, dialect)
  }
  const socket = await device((send) => {
    const decoder = new taxport.FrameDecoder()
    return (bytes) => {
      for (const event of decoder.feed(bytes)) {
        const bytesOut = event.ok ? answer(event.value) : undefined
        if (bytesOut) send(bytesOut)
      }
    }
  })
  return Object.assign(board, socket)
}

/** A Modbus TCP module whose registers are computed at each read. */
export interface TestModule extends TestDevice {
  image: number[]
  /** What the next reads answer instead, one each: registers, or an exception. */
  readonly next: (number[] | { readonly exception: number })[]
  silent: boolean
  reads: number
}

export async function testModule(registers: number): Promise<TestModule> {
  const module = {
    image: new Array<number>(registers).fill(0),
    next: [] as TestModule['next'],
    silent: false,
    reads: 0,
  }
  const socket = await device((send) => (bytes) => {
    if (module.silent || bytes.length !== 12) return
    module.reads++
    const start = bytes.readUInt16BE(8)
    const count = bytes.readUInt16BE(10)
    const next = module.next.shift() ?? module.image
    const image = 'exception' in next ? [] : next
    const exists = start + count <= image.length
    const answer = Buffer.alloc(exists ? 9 + 2 * count : 9)
    bytes.copy(answer, 0, 0, 7)
    answer.writeUInt16BE(answer.length - 6, 4)
    answer[7] = exists ? 3 : 0x83
    answer[8] = exists ? 2 * count : 'exception' in next ? next.exception : 2
    if (exists) for (let i = 0; i < count; i++) answer.writeUInt16BE(image[start + i]!, 9 + 2 * i)
    send(answer)
  })
  return Object.assign(module, socket)
}

/** Puts one block into a module's registers. */
function place<T>(module: TestModule, block: modbus.RegisterBlock<T>, index: number, values: T): void {
  const at = modbus.blockAddress(block, index)
  modbus.writeBlock(block, values).forEach((word, i) => {
    module.image[at + i] = word
  })
}

/** A sound line that has counted so many pulses on both phases; `values` say what is not sound about it. */
export function placePulses(
  module: TestModule,
  count: number,
  values: Partial<modbus.PulseInput> = {},
): void {
  const sound = { pulsesA: count, pulsesB: count, loopOhms: 1_000, phase: 'a-leads', flags: 0 } as const
  place(module, modbus.PULSE_INPUT, 0, { ...sound, ...values })
}

/** The module's own state: mains and cabinet door. */
export function placeBox(module: TestModule, mainsPresent = true, doorOpen = false): void {
  const fixed = { mapVersion: 1, uptimeSeconds: 900_000, firmware: 1, inputs: 8 }
  place(module, modbus.PULSE_MODULE, 0, { ...fixed, mainsPresent, doorOpen })
}

/** A loading arm that finished its batch a minute ago. */
export function placeBatch(module: TestModule, batch: number, volumeMillilitres: number): void {
  const now = Math.floor(Date.now() / 1_000)
  place(module, modbus.ARM_METER, 0, {
    mapVersion: 1,
    state: 'idle',
    product: 1020,
    runningMillilitres: 0,
    batch,
    volumeMillilitres,
    volume20Millilitres: volumeMillilitres - 100,
    temperatureCentiCelsius: 1_850,
    totalMillilitres: 500_000_000 + volumeMillilitres,
    startedAtSeconds: now - 600,
    endedAtSeconds: now - 60,
  })
}

/** A tank gauge with one tank. */
export interface TestGauge extends TestDevice {
  inventory: tls350.Inventory
  deliveries: tls350.GaugeDelivery[]
}

export async function testGauge(): Promise<TestGauge> {
  const gauge = {
    inventory: {
      tank: 1,
      product: '1',
      statusBits: 0,
      floats: {
        named: {
          volume: 12_000,
          correctedVolume: 11_900,
          ullage: 18_000,
          height: 1_200,
          water: 10,
          temperature: 18,
          waterVolume: 5,
        },
        more: [],
      },
    } as tls350.Inventory,
    deliveries: [] as tls350.GaugeDelivery[],
  }
  const socket = await device((send) => {
    const decoder = new tls350.CommandDecoder()
    return (bytes) => {
      for (const event of decoder.feed(bytes)) {
        const command = event.ok ? tls350.readCommand(event.value) : event
        if (!command.ok) continue
        const report = { tank: 0, consoleAt: Date.now() }
        if (command.value.functionCode === 'i201')
          send(tls350.inventory.writeAnswer({ ...report, items: [gauge.inventory] }))
        else if (command.value.functionCode === 'i202')
          send(
            tls350.deliveries.writeAnswer({
              ...report,
              items: [{ tank: 1, product: '1', deliveries: gauge.deliveries }],
            }),
          )
        else send(tls350.writeUnknownCommand())
      }
    }
  })
  return Object.assign(gauge, socket)
}
