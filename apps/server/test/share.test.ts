import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readShareTargets } from '../src/share/address.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oiltrail-share-'))
  await writeFile(join(folder, 'one'), 'token-one\n')
  await writeFile(join(folder, 'two'), 'token-two')
  await writeFile(join(folder, 'none'), 'not a token\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const read = (urls: string, files = '') =>
  readShareTargets({
    urls,
    tokenFiles: files
      .split(',')
      .filter((name) => name !== '')
      .map((name) => join(folder, name))
      .join(','),
    caFile: undefined,
  })

describe('where the log is handed on to', () => {
  it('is nowhere unless somebody says so', async () => {
    expect(await read('')).toEqual([])
    expect(await readShareTargets({ urls: undefined, tokenFiles: undefined, caFile: undefined })).toEqual([])
  })

  it('is a list of addresses, with a token for each, one for all, or none', async () => {
    const [a, b] = ['https://a.invalid', 'https://b.invalid:8443/county']
    expect(await read(`${a}/, ${b}/`, 'one,two')).toMatchObject([
      { url: a, token: 'token-one' },
      { url: b, token: 'token-two' },
    ])
    expect((await read(`${a},${b}`, 'one')).map(({ token }) => token)).toEqual(['token-one', 'token-one'])
    expect((await read(a)).map(({ token }) => token)).toEqual([undefined])
  })

  it('may be plain text on this very machine and nowhere else', async () => {
    expect(await read('http://127.0.0.1:8080')).toHaveLength(1)
    await expect(read('http://203.0.113.7')).rejects.toThrow(/CONFIG_INVALID/)
    await expect(read('http://127.0.0.1.evil.invalid')).rejects.toThrow(/CONFIG_INVALID/)
    await expect(read('http://127.evil.invalid')).rejects.toThrow(/CONFIG_INVALID/)
  })

  it.each([
    ['nowhere', ''],
    ['ftp://a.invalid', ''],
    ['https://user:word@a.invalid', ''],
    ['https://a.invalid/?token=x', ''],
    ['https://a.invalid,https://a.invalid/', ''],
    ['https://a.invalid', 'absent'],
    ['https://a.invalid', 'none'],
    ['https://a.invalid,https://b.invalid,https://c.invalid', 'one,two'],
  ])('%s with tokens %s is refused before anything starts, and no token is quoted', async (urls, files) => {
    const refused = await read(urls, files).then(() => undefined, String)
    expect(refused, 'in both languages').toMatch(/CONFIG_INVALID.* \/ .*\p{Script=Han}/u)
    expect(refused).not.toContain('not a token')
    expect(refused).not.toContain('user:word')
  })
})
