// What the npm scripts call: prepares what is missing, then runs one task.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  ensureBrowser,
  ensureBuilt,
  ensureInstalled,
  ensurePeers,
  findChromium,
  ROOT,
  requireNode,
  run,
  say,
} from './prepare.mjs'

const [task = '', ...rest] = process.argv.slice(2)

/** Tasks by name; each receives the arguments behind it. */
const TASKS = {
  demo: (args) => oiltrail(['demo', ...args]),
  start: (args) => oiltrail(['serve', ...args]),
  build: ensureBuilt,
  check,
  test: async (args) => {
    ensureBrowser()
    ensurePeers()
    await check()
    await ensureBuilt()
    vitest(['run', ...args])
  },
  faults: async (args) => {
    await ensureBuilt()
    vitest(['run', '--config', 'vitest.faults.config.ts', ...args])
  },
  bench: async (args) => {
    await ensureBuilt()
    tool('tsx', ['bench/main.ts', ...args], { stdio: ['ignore', 1, 2] })
  },
  score: (args) => tool('tsx', ['bench/score.ts', ...args], { stdio: ['ignore', 1, 2] }),
}

async function oiltrail(args) {
  // In a process of its own: bundlers keep hundreds of megabytes that a running platform should not carry.
  run(process.execPath, [fileURLToPath(import.meta.url), 'build'])
  process.argv.splice(2, process.argv.length, ...args)
  await import('../bin/oiltrail.mjs')
}

/** Runs a program of node_modules with this Node, on every platform. */
function tool(name, args, options = {}) {
  const bin = join(ROOT, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)
  run(bin, args, { env: { ...process.env, OILTRAIL_CHROMIUM: findChromium() ?? '' }, ...options })
}

function vitest(args) {
  tool('vitest', args, { stdio: ['ignore', 1, 2] })
}

/** Format, lint and types of everything, each package against its own platform. */
async function check() {
  say('checking format, lint and types / 正在检查格式与类型')
  tool('biome', ['check', '--error-on-warnings', '.'])
  tool('oxlint', ['--type-aware', '--deny-warnings', '.'])
  const projects = ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/tsconfig.json`))
    .filter((path) => existsSync(join(ROOT, path)))
  for (const project of ['tsconfig.json', ...projects]) tool('tsc', ['-p', project])
}

requireNode()
if (!Object.hasOwn(TASKS, task)) {
  say(`unknown task ${task}; there are: ${Object.keys(TASKS).join(', ')}`)
  process.exit(2)
}
try {
  ensureInstalled()
  await TASKS[task](rest)
} catch (error) {
  say(`${task} failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
