// The demo: a platform, a simulated county and its collectors, each a process of its own, as they would be in the field.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HELP = `oiltrail demo [--port 8080] [--mqtt-port 1883] [--data DIR] [--seed 7] [--speed 1] [--days 30] [--misdeeds on]

Starts everything on this machine and prints "ready http://127.0.0.1:PORT" when the history is in. Ctrl-C stops it.
With misdeeds on, thieves go to work in the first ten minutes; "off" keeps the county honest.
在本机启动全部组件;历史数据入库后输出 ready 行;Ctrl-C 停止。
`
/** Children get this long to stop by themselves; the whole demo must be gone within ten seconds. */
const STOP_MS = 7_500
/** How often the platform is asked whether the history is in. */
const PROGRESS_POLL_MS = 500
/** What thieves do in the first ten minutes, by the simulator's names; docs/simulator.md. Delays in seconds. */
const MISDEEDS = [
  'cabinet-open@S009+40~300',
  'line-cut@S005:1+70~900',
  'night-delivery@S012:1+60',
  'price-cheat@S003:1+30',
  'tank-theft@S007:2+90',
  'totalizer-reset@S002:3+150',
  'forged-batch@S001+200',
]
/** How often the simulated enterprises are asked what they have to state. */
const DESK_POLL_MS = 2_000

/** What a real platform of this user may be set to, and the simulated county is not. */
const PLAIN = { OILTRAIL_TLS_CERT: '', OILTRAIL_TLS_KEY: '', OILTRAIL_COUNTY: '', OILTRAIL_SHARE_URL: '' }
/** Ends our children when we were killed outright. */
const LIFELINE = new URL('./lifeline.mjs', import.meta.url).href

const options = readOptions()
const directory = resolve(options.data)
const demoDirectory = join(directory, 'demo')
const children = new Map()
let stopping = false

function say(text) {
  process.stderr.write(`demo: ${text}\n`)
}

function readOptions() {
  const values = parse()
  if (values.help) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  whole('port', 0, 65_535)
  whole('mqtt-port', 0, 65_535)
  whole('seed', 0, 4_294_967_295)
  whole('days', 0, 400)
  if (values.misdeeds !== 'on' && values.misdeeds !== 'off') wrong('misdeeds', 'on or off', 'on 或 off')
  const speed = /^[0-9]{1,4}(\.[0-9]{1,6})?$/.test(values.speed) ? Number(values.speed) : 0
  if (!(speed > 0 && speed <= 1_000)) wrong('speed', 'a number above 0 and up to 1000', '大于 0 至 1000 的数')
  return values

  function whole(name, low, high) {
    const value = /^[0-9]{1,10}$/.test(values[name]) ? Number(values[name]) : Number.NaN
    if (!(value >= low && value <= high))
      wrong(name, `a whole number from ${low} to ${high}`, `${low} 至 ${high} 的整数`)
  }
  function wrong(name, wanted, wantedZh) {
    complain(`--${name} must be ${wanted} / --${name} 应为 ${wantedZh}`)
  }
}

function parse() {
  // An empty variable is as good as none.
  const text = (otherwise, variable) => ({
    type: 'string',
    default: (variable && process.env[variable]) || otherwise,
  })
  try {
    return parseArgs({
      args: process.argv.slice(2),
      options: {
        port: text('8080', 'OILTRAIL_PORT'),
        'mqtt-port': text('1883', 'OILTRAIL_MQTT_PORT'),
        data: text('data', 'OILTRAIL_DATA'),
        seed: text('7'),
        speed: text('1'),
        days: text('30'),
        misdeeds: text('on'),
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return complain(`${error.message} / 参数有误`)
  }
}

/** Ends with the code of a wrong command line. */
function complain(text) {
  process.stderr.write(`${HELP}\ndemo: ${text}\n`)
  process.exit(2)
}

/** The world this data directory holds: the same seed and start at every run, so that the county goes on where it was. */
function openWorld() {
  mkdirSync(demoDirectory, { recursive: true })
  const path = join(demoDirectory, 'world.json')
  if (existsSync(path)) {
    const world = JSON.parse(readFileSync(path, 'utf8'))
    if (
      String(world.seed) !== options.seed ||
      String(world.days) !== options.days ||
      String(world.speed) !== options.speed
    )
      say(
        `this data directory already holds seed ${world.seed}, ${world.days} days, speed ${world.speed}; going on with it / 数据目录中已有县域,继续沿用`,
      )
    return world
  }
  const now = Date.now()
  const world = {
    seed: Number(options.seed),
    days: Number(options.days),
    speed: Number(options.speed),
    bornAt: now,
  }
  writeFileSync(path, JSON.stringify(world))
  return world
}

/** Starts one of our programs; its lines on standard output go to `onLine`, those on standard error to ours and, if given, `onWords`. */
function start(name, args, env, onLine, onWords) {
  const bundle = fileURLToPath(new URL(`../dist/${name}.mjs`, import.meta.url))
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', LIFELINE, bundle, ...args], {
    stdio: ['ignore', 'pipe', onWords ? 'pipe' : 'inherit'],
    env: { ...process.env, ...env },
    // A group of its own: Ctrl-C reaches only the demo, which then stops its children in order.
    detached: process.platform !== 'win32',
  })
  children.set(name, child)
  createInterface({ input: child.stdout }).on('line', onLine)
  if (onWords)
    createInterface({ input: child.stderr }).on('line', (line) => {
      process.stderr.write(`${line}\n`)
      onWords(line)
    })
  child.on('exit', (code, signal) => {
    children.delete(name)
    if (stopping) return
    say(`${name} ended with ${code ?? signal}; stopping / ${name} 意外退出`)
    void stop(1)
  })
  return child
}

async function stop(code) {
  if (stopping) return
  stopping = true
  const deadline = Date.now() + STOP_MS
  // Collectors first, so that they can still deliver; the platform last.
  for (const name of ['edge', 'simulator', 'server']) await end(name, deadline)
  process.exit(code)
}

function end(name, deadline) {
  const child = children.get(name)
  if (!child) return undefined
  return new Promise((done) => {
    const kill = setTimeout(() => child.kill('SIGKILL'), Math.max(500, deadline - Date.now()))
    child.once('exit', () => {
      clearTimeout(kill)
      done()
    })
    child.kill('SIGTERM')
  })
}

/** A promise together with the function that fulfils it. */
function pledge() {
  let keep
  const promise = new Promise((fulfil) => {
    keep = fulfil
  })
  return { promise, keep }
}

async function call(base, path, token, body) {
  const answer = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${(await answer.text()).slice(0, 400)}`)
  return answer.json()
}

/** Registers the county's sites and issues a code for each collector; skipped when this county is registered already. */
async function registerCounty(base, token, simulatorDirectory) {
  const codesPath = join(simulatorDirectory, 'codes.json')
  if (existsSync(codesPath)) return
  const { sites, devices } = JSON.parse(readFileSync(join(simulatorDirectory, 'sites.json'), 'utf8'))
  for (const site of sites) await call(base, '/api/registry/sites', token, site)
  const codes = {}
  for (const { device, site } of devices)
    codes[device] = (
      await call(base, '/api/enrol-codes', token, { device, site, validSeconds: 2_592_000 })
    ).code
  writeFileSync(codesPath, JSON.stringify(codes), { mode: 0o600 })
}

/** What an enterprise or administrator states at the desk, and the endpoint that takes it. */
const DESK = {
  notice: (statement) => ['/api/notices', { ...statement.notice, actor: '模拟企业' }],
  window: (statement) => ['/api/windows', { ...statement.window, actor: '模拟企业' }],
  registration: (statement) => ['/api/registry/sites', statement.document],
}
/** Statements under way at once. */
const DESK_CLERKS = 8

/** Hands statements to the desk; those made before the history's end must be there before the history itself. */
async function state(base, token, statements) {
  const waiting = statements.filter((statement) => Object.hasOwn(DESK, statement.type))
  const clerk = async () => {
    for (let next = waiting.shift(); next && !stopping; next = waiting.shift())
      await call(base, DESK[next.type](next)[0], token, DESK[next.type](next)[1])
  }
  await Promise.all(Array.from({ length: DESK_CLERKS }, clerk))
}

/** Announces the deliveries of the past, once for each data directory. */
async function statePast(base, token, simulatorDirectory) {
  const done = join(simulatorDirectory, 'stated')
  if (existsSync(done)) return
  const lines = readFileSync(join(simulatorDirectory, 'statements.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  await state(
    base,
    token,
    lines.map((line) => JSON.parse(line)),
  )
  writeFileSync(done, String(lines.length))
}

/** Goes on stating what the simulated enterprises announce, as long as the demo runs. */
async function statePresent(base, token, controlUrl) {
  const known = new Set()
  while (!stopping) {
    const { statements } = await (await fetch(`${controlUrl}/statements`)).json()
    const fresh = statements.filter((statement) => !known.has(JSON.stringify(statement)))
    await state(base, token, fresh)
    for (const statement of fresh) known.add(JSON.stringify(statement))
    await new Promise((wake) => setTimeout(wake, DESK_POLL_MS))
  }
}

/** Lets the thieves in. One who cannot be where he should is named and left out; the county goes on. */
async function letThievesIn(controlUrl) {
  for (const fault of MISDEEDS) {
    const answer = await fetch(`${controlUrl}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fault }),
    })
    if (!answer.ok) say(`${fault} was not ordered: ${(await answer.text()).slice(0, 200)}`)
  }
}

async function main() {
  process.on('SIGINT', () => void stop(0))
  process.on('SIGTERM', () => void stop(0))
  const world = openWorld()
  const env = world.speed === 1 ? {} : { OILTRAIL_CLOCK: `${world.bornAt}x${world.speed}` }
  const simulatorDirectory = join(demoDirectory, 'county')
  mkdirSync(simulatorDirectory, { recursive: true })

  const server = pledge()
  const county = pledge()
  const history = pledge()
  const listening = pledge()
  const control = pledge()
  const mqtt = pledge()
  start(
    'server',
    ['serve', '--port', options.port, '--data', directory],
    { ...env, ...PLAIN, OILTRAIL_MQTT_PORT: options['mqtt-port'], OILTRAIL_DEMO: '1' },
    (line) => {
      const ready = /^ready (http:\S+)$/.exec(line)
      if (ready) server.keep(ready[1])
    },
    (line) => {
      const uplink = /^mqtt (mqtts?:\S+)$/.exec(line)
      if (uplink) mqtt.keep(uplink[1])
    },
  )
  const base = await server.promise
  const uplink = await mqtt.promise
  say(`pages are up at ${base} while the history comes in / 页面已可访问,历史数据导入中`)
  const token = readFileSync(join(directory, 'admin-token'), 'utf8').trim()
  const edgeDirectory = join(demoDirectory, 'edge')
  start(
    'simulator',
    [
      '--dir',
      simulatorDirectory,
      '--seed',
      String(world.seed),
      '--days',
      String(world.days),
      '--now',
      String(world.bornAt),
    ].concat(['--uplink', uplink, '--api', base, '--edge-directory', edgeDirectory]),
    env,
    (line) => {
      const stage = JSON.parse(line)
      // Where faults of devices are switched on by hand; docs/simulator.md.
      if (stage.stage === 'control') {
        writeFileSync(join(demoDirectory, 'control.json'), JSON.stringify({ url: stage.url }))
        control.keep(stage.url)
      }
      if (stage.stage === 'county') county.keep(stage)
      if (stage.stage === 'history') history.keep(stage)
      if (stage.stage === 'listening') listening.keep(stage)
    },
  )
  await county.promise
  await registerCounty(base, token, simulatorDirectory)
  const { records } = await history.promise
  await call(base, '/api/history', token, { expectedRecords: records })
  const { edgeConfig } = await listening.promise
  await statePast(base, token, simulatorDirectory)
  statePresent(base, token, await control.promise).catch((error) => {
    if (!stopping)
      say(`the desk of the simulated enterprises is closed: ${error.message} / 模拟企业的报备中断`)
  })
  start('edge', ['run', '--config', edgeConfig], env, () => {})
  await untilLive(base)
  if (stopping) return
  process.stdout.write(`ready ${base}\n`)
  if (options.misdeeds === 'on') await letThievesIn(await control.promise)
}

async function untilLive(base) {
  for (;;) {
    const progress = await (await fetch(`${base}/api/progress`)).json()
    if (progress.phase === 'live') return
    await new Promise((wake) => setTimeout(wake, PROGRESS_POLL_MS))
  }
}

main().catch((error) => {
  if (stopping) return
  say(`failed: ${error instanceof Error ? error.message : String(error)} / 启动失败`)
  void stop(1)
})
