import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder of this test file's own; removed at its end. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oiltrail-simulator-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
