import { taxport } from '@oiltrail/protocols'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PortPool } from '../src/drivers/ports.ts'
import { dialectOf, TaxClient } from '../src/drivers/taxclient.ts'
import { type TestBoard, testBoard } from './devices.ts'
import { BORNE, Saboteur } from './saboteur.ts'

/** What lines and adapters add to a board's answers must not keep anybody from reading them. */

let board: TestBoard
let saboteur: Saboteur
let ports: PortPool
let client: TaxClient

beforeEach(async () => {
  board = await testBoard('ktk', [1, 2])
  board.sell(1, 30_000)
  saboteur = await new Saboteur(board).start()
  ports = new PortPool()
  client = new TaxClient(ports.bytePort(saboteur.address), dialectOf('ktk'))
})

afterEach(async () => {
  await ports.close()
  await saboteur.stop()
  await board.unplug()
})

describe('answers of a board that come with something else', () => {
  it.each([...BORNE])('C2: are read at the first question, each command: %s', async (mischief) => {
    saboteur.mischief = mischief
    for (let round = 0; round < 3; round++) {
      expect(await client.totals(1)).toMatchObject({
        ok: true,
        value: { volumeMillilitres: 1_030_000, amountFen: 772_500 },
      })
      expect(await client.totals(2)).toMatchObject({ ok: true, value: { volumeMillilitres: 1_000_000 } })
      expect(await client.lastSale(1)).toMatchObject({ ok: true, value: { volumeMillilitres: 30_000 } })
      expect(await client.dayTotal(2, '20261123')).toMatchObject({ ok: true, value: { date: '20261123' } })
      // Two frames make this one.
      expect(await client.ask(taxport.boardInfo, { gun: 1 })).toMatchObject({
        ok: true,
        value: { value: { factoryNumber: '1234567890', tax: { oilCode: '1020' } } },
      })
    }
  })

  it.each(['cut', 'bit-turned', 'answer-before-last', 'nonsense'] as const)(
    'C2: nothing is made of answers that are none, and the next right one is read: %s',
    async (mischief) => {
      await client.lastSale(1)
      saboteur.mischief = mischief
      for (const answer of [await client.totals(1), await client.dayTotal(1, '20261123')])
        expect(answer).toMatchObject({ ok: false, loss: 'silent' })
      saboteur.mischief = undefined
      expect(await client.totals(1)).toMatchObject({ ok: true, value: { volumeMillilitres: 1_030_000 } })
    },
  )
})
