// What the npm scripts call: prepares what is missing, then runs one task.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endAtSignal, endWithParent, run } from './children.mjs'
import {
  ensureBrowser,
  ensureBuilt,
  ensureInstalled,
  ensurePeers,
  findChromium,
  ROOT,
  requireNode,
  say,
} from './prepare.mjs'

const [task = '', ...rest] = process.argv.slice(2)

/** Results go to our standard output, what is said on the way to standard error. */
const ANSWERS = { stdio: ['ignore', 1, 2] }
/** Programs that are not called like their package. */
const PACKAGES = { biome: '@biomejs/biome', tsc: 'typescript' }
/** Tasks that run until somebody stops them. */
const LASTING = ['demo', 'start']

/** Tasks by name; each receives the arguments behind it. */
const TASKS = {
  demo: (args) => oiltrail(['demo', ...args]),
  start: (args) => oiltrail(['serve', ...args]),
  build: ensureBuilt,
  check,
  test: async (args) => {
    await ensureBrowser()
    await ensurePeers()
    await check()
    await ensureBuilt()
    await tool('vitest', ['run', ...args], ANSWERS)
  },
  faults: async (args) => {
    await ensureBuilt()
    await tool('vitest', ['run', '--config', 'vitest.faults.config.ts', ...args], ANSWERS)
  },
  bench: async (args) => {
    await ensureBuilt()
    await tool('tsx', ['bench/main.ts', ...args], ANSWERS)
  },
  score: (args) => tool('tsx', ['bench/score.ts', ...args], ANSWERS),
}

async function oiltrail(args) {
  // In a process of its own: bundlers keep hundreds of megabytes that a running platform should not carry.
  await run(process.execPath, [fileURLToPath(import.meta.url), 'build'], { cwd: ROOT, grouped: true })
  process.argv.splice(2, process.argv.length, ...args)
  await import('../bin/oiltrail.mjs')
}

/** Runs a program of node_modules with this Node: no shell, the same on every platform. */
function tool(name, args, options = {}) {
  const folder = join(ROOT, 'node_modules', PACKAGES[name] ?? name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const program = join(folder, typeof bin === 'string' ? bin : bin[name])
  const env = { ...process.env, OILTRAIL_CHROMIUM: findChromium() ?? '' }
  return run(process.execPath, [program, ...args], { cwd: ROOT, env, ...options })
}

/** Format, lint and types of everything, each package against its own platform. */
async function check() {
  say('checking format, lint and types / 正在检查格式与类型')
  await tool('biome', ['check', '--error-on-warnings', '.'])
  await tool('oxlint', ['--type-aware', '--deny-warnings', '.'])
  const projects = ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/tsconfig.json`))
    .filter((path) => existsSync(join(ROOT, path)))
  for (const project of ['tsconfig.json', ...projects]) await tool('tsc', ['-p', project])
}

endAtSignal({ clean: LASTING.includes(task) })
// Only npm is a parent to live and die with: whoever runs this file in the background and leaves wants it to stay.
if (process.env.npm_lifecycle_event !== undefined) endWithParent()
requireNode()
if (!Object.hasOwn(TASKS, task)) {
  say(`unknown task ${task}; there are: ${Object.keys(TASKS).join(', ')}`)
  process.exit(2)
}
try {
  await ensureInstalled()
  await TASKS[task](rest)
} catch (error) {
  say(`${task} failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
