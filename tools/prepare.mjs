// Everything that must be there before any command can run: packages, bundles, a browser for the tests.
// Plain JavaScript without dependencies, because it runs before anything is installed.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './children.mjs'
import { inTurn } from './turn.mjs'

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OLDEST_NODE = [20, 19]

/** Progress goes to standard error; standard output belongs to the `ready` line and to results. */
export function say(text) {
  process.stderr.write(`oiltrail: ${text}\n`)
}

/** Stops with a clear message when Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  say(
    `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node} / 需要 Node ${OLDEST_NODE.join('.')} 或更新版本`,
  )
  process.exit(1)
}

/** Installs the packages of the lock file, once per state of the lock file. */
export async function ensureInstalled() {
  const stamp = join(ROOT, 'node_modules', '.oiltrail-lock')
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
  await unlessDone(stamp, wanted, async (turn) => {
    say('installing packages (npm ci) / 正在安装依赖')
    // All of them, also where NODE_ENV=production or a setting of the user leaves out what we build with.
    const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
    // npm holds the turn too: if we are killed, nobody else begins before it has ended.
    await npm(args, turn === undefined ? ['ignore', 2, 2] : ['ignore', 2, 2, turn])
  })
}

/** Does what a stamp says is not done yet, and sets the stamp. Another start in this checkout, which may be doing it, goes first. */
async function unlessDone(stamp, wanted, work) {
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  if (isDone()) return
  const waiting = () =>
    say('another start is preparing this folder; waiting for it / 另一次启动正在准备本目录,请稍候')
  await inTurn(ROOT, waiting, async (turn) => {
    if (isDone()) return
    await work(turn)
    writeFileSync(stamp, wanted)
  })
}

/** Runs npm: the one that started us, or the one on the path. */
function npm(args, stdio) {
  const started = process.env.npm_execpath ?? ''
  if (basename(started) === 'npm-cli.js')
    return run(process.execPath, [started, ...args], { cwd: ROOT, grouped: true, stdio })
  // On Windows npm is a batch file, which only a shell can run; none of the arguments needs quotes.
  return run('npm', args, { cwd: ROOT, grouped: true, stdio, shell: process.platform === 'win32' })
}

/** Node programs that are bundled, by name of the bundle. */
const PROGRAMS = {
  server: 'apps/server/src/main.ts',
  edge: 'apps/edge/src/main.ts',
  simulator: 'apps/simulator/src/main.ts',
  verify: 'apps/verify/src/main.ts',
}

/** Builds bundles and pages when a source has changed since the last build. */
export async function ensureBuilt() {
  await buildPart(
    'node',
    ['packages', ...Object.values(PROGRAMS).map((entry) => entry.replace('/src/main.ts', ''))],
    buildPrograms,
  )
  await buildPart(
    'web',
    [
      'packages/kernel',
      'packages/domain',
      'packages/evidence',
      'packages/protocols',
      'packages/contract',
      'apps/web',
    ],
    buildWeb,
  )
}

async function buildPart(name, folders, build) {
  const stamp = join(ROOT, 'dist', `.${name}-stamp`)
  const wanted = fingerprint([...folders, 'package-lock.json'])
  await unlessDone(stamp, wanted, async () => {
    const started = Date.now()
    mkdirSync(join(ROOT, 'dist'), { recursive: true })
    // What is broken off half-way must not pass for what was there before.
    rmSync(stamp, { force: true })
    await build()
    say(`built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s / 已构建 ${name}`)
  })
}

function fingerprint(paths) {
  const hash = createHash('sha256')
  const visit = (path) => {
    const stat = statSync(path)
    if (!stat.isDirectory()) {
      hash.update(`${path}\0`).update(readFileSync(path))
      return
    }
    for (const entry of readdirSync(path).sort())
      if (entry !== 'node_modules' && entry !== 'dist') visit(join(path, entry))
  }
  for (const path of paths) visit(join(ROOT, path))
  return hash.digest('hex')
}

async function buildPrograms() {
  const { build } = await import('esbuild')
  await build({
    absWorkingDir: ROOT,
    entryPoints: PROGRAMS,
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    logLevel: 'warning',
    plugins: [{ name: 'own packages only', setup: bundleOwnPackages }],
  })
  rmSync(join(ROOT, 'dist', 'migrations'), { recursive: true, force: true })
  cpSync(join(ROOT, 'packages/store/migrations'), join(ROOT, 'dist', 'migrations'), { recursive: true })
}

/** Our workspaces go into the bundle; everything from the registry stays where npm put it. */
function bundleOwnPackages(build) {
  build.onResolve({ filter: /^[^./]/ }, (args) =>
    args.path.startsWith('@oiltrail/') || args.kind === 'entry-point'
      ? undefined
      : { path: args.path, external: true },
  )
}

async function buildWeb() {
  const { build } = await import('vite')
  await build({
    configFile: join(ROOT, 'apps/web/vite.config.ts'),
    root: join(ROOT, 'apps/web'),
    logLevel: 'warn',
  })
}

/** Where Chromium is, or undefined. */
export function findChromium() {
  const named = process.env.OILTRAIL_CHROMIUM
  const places = [
    named,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  return places.find((place) => place && existsSync(place))
}

/** The browser tests need Chromium and a Chinese font; on Debian as root they are installed, elsewhere they must be there. */
export async function ensureBrowser() {
  const packages = [...(findChromium() ? [] : ['chromium']), ...(hasChineseFont() ? [] : ['fonts-noto-cjk'])]
  if (packages.length === 0) return
  if (!(await aptInstall(packages)) && !findChromium())
    throw new Error(
      'the browser tests need Chromium: install it, or set OILTRAIL_CHROMIUM to its path / 浏览器测试需要 Chromium',
    )
}

/** One test speaks MQTT with the programs of another maker; on Debian as root they are installed, elsewhere that test says what it misses. */
export async function ensurePeers() {
  if (!existsSync('/usr/bin/mosquitto_rr')) await aptInstall(['mosquitto-clients'])
}

/** Installs packages on Debian as root; elsewhere returns false. */
async function aptInstall(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  say(`installing ${packages.join(' ')} with apt-get / 正在安装 ${packages.join('、')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env })
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
  return true
}

function hasChineseFont() {
  try {
    return execFileSync('fc-list', [':lang=zh-cn'], { encoding: 'utf8' }).trim() !== ''
  } catch {
    return false
  }
}
