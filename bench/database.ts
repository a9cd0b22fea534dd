import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, openStore, type Postgres, type Store, startPostgres } from '@oiltrail/store'

/** Says what is going on, on standard error, so that standard output stays the figures. */
export const log = {
  info: (text: string): void => void process.stderr.write(`${text}\n`),
  error: (text: string): void => void process.stderr.write(`${text}\n`),
}

/** A database with the product's own settings (durable), migrated, in a folder of its own. */
export interface BenchDatabase {
  readonly postgres: Postgres
  readonly store: Store
  close(): Promise<void>
}

export async function benchDatabase(): Promise<BenchDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'oiltrail-bench-'))
  await chmod(directory, 0o711)
  const postgres = await startPostgres({ directory, log })
  const store = openStore(postgres.url, { max: 12 })
  await migrate(store)
  return {
    postgres,
    store,
    close: async () => {
      await store.close()
      await postgres.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
