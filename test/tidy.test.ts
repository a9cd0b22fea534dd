import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** Style that a machine can check, as a test: what may import what, how long a file may be, what must not be in the repository. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
const CODE = FILES.filter((path) => /\.(ts|tsx|mjs)$/.test(path))

/** Which workspaces each one may import; docs/architecture.md shows the same table. */
const MAY_IMPORT: Record<string, string[]> = {
  'packages/kernel': [],
  'packages/domain': ['kernel'],
  'packages/evidence': ['kernel'],
  'packages/protocols': ['kernel', 'domain', 'evidence'],
  'packages/contract': ['kernel', 'domain'],
  'packages/store': ['kernel', 'domain', 'evidence'],
  'apps/edge': ['kernel', 'domain', 'evidence', 'protocols'],
  'apps/server': ['kernel', 'domain', 'evidence', 'protocols', 'contract', 'store'],
  'apps/simulator': ['kernel', 'domain', 'protocols'],
  'apps/verify': ['kernel', 'evidence', 'protocols'],
  'apps/web': ['kernel', 'domain', 'contract', 'evidence', 'protocols'],
}
/** “About 400”: a file just above is not worth a worse cut. */
const LONGEST_FILE = 450
/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /(^|\/)(utils?|helpers?|common|managers?|misc)(\.|\/)/

function imports(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const statements =
    /^(?:import|export) [^'\n]*from '([^']+)'|^\} from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm
  return [...text.matchAll(statements)].map((match) => (match[1] ?? match[2] ?? match[3] ?? match[4])!)
}

function workspaceOf(path: string): string | undefined {
  return Object.keys(MAY_IMPORT).find((workspace) => path.startsWith(`${workspace}/`))
}

describe('imports point down only', () => {
  it.each(Object.keys(MAY_IMPORT))('%s', (workspace) => {
    const wrong: string[] = []
    const declared = Object.keys(
      (JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as { dependencies: object })
        .dependencies,
    )
    for (const path of CODE.filter(
      (file) => file.startsWith(`${workspace}/`) && !/(\.test\.ts$|\/test\/)/.test(file),
    ))
      for (const target of imports(path)) {
        if (target.startsWith('.')) {
          const reached = resolve('/', dirname(path), target).slice(1)
          if (workspaceOf(`${reached}/`) !== workspace) wrong.push(`${path} → ${target}`)
        } else if (target.startsWith('@oiltrail/')) {
          const name = target.split('/')[1]!
          if (!MAY_IMPORT[workspace]!.includes(name)) wrong.push(`${path} → ${target}`)
          if (!declared.includes(`@oiltrail/${name}`))
            wrong.push(`${path} → ${target} is not declared in package.json`)
        } else if (!target.startsWith('node:')) {
          const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/')
          if (!declared.includes(name) && !['vite', '@vitejs/plugin-react'].includes(name))
            wrong.push(`${path} → ${target} is not declared in package.json`)
        }
      }
    expect(wrong).toEqual([])
  })
})

describe('what is in the repository', () => {
  it(`no file of code is longer than ${LONGEST_FILE} lines`, () => {
    const long = CODE.map(
      (path) => [path, readFileSync(join(ROOT, path), 'utf8').split('\n').length] as const,
    )
    expect(long.filter(([, lines]) => lines > LONGEST_FILE)).toEqual([])
  })

  it('no file has a name that says nothing', () =>
    expect(FILES.filter((path) => EMPTY_NAMES.test(path))).toEqual([]))

  it('no unfinished marks, skipped or exclusive tests, silenced types', () => {
    const marks = new RegExp(
      [
        'TO' + 'DO',
        'FIX' + 'ME',
        '@ts-' + 'ignore',
        '@ts-' + 'nocheck',
        '\\b(it|test|describe)\\.(sk' + 'ip|on' + 'ly|to' + 'do)\\b',
        '\\bas an' + 'y\\b',
      ].join('|'),
    )
    expect(CODE.filter((path) => marks.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([])
  })

  it('no addresses of package registries and no paths of a machine', () => {
    const machine = new RegExp(
      `registry\\.npm${'js'}|deb\\.deb${'ian'}|(^|[^A-Za-z0-9_.])/(${'wo'}rk|ho${'me'})/`,
      'm',
    )
    const text = FILES.filter((path) => !/\.(png|ico|woff2?)$/.test(path))
    expect(text.filter((path) => machine.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([])
  })

  it('every own dependency is pinned exactly', () => {
    const loose: string[] = []
    for (const path of FILES.filter((file) => file.endsWith('package.json'))) {
      const manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<
        string,
        Record<string, string> | undefined
      >
      for (const group of ['dependencies', 'devDependencies', 'optionalDependencies'])
        for (const [name, version] of Object.entries(manifest[group] ?? {}))
          if (!name.startsWith('@oiltrail/') && !/^[0-9]+\.[0-9]+\.[0-9]+/.test(version))
            loose.push(`${path}: ${name} ${version}`)
    }
    expect(loose).toEqual([])
  })
})
