#!/usr/bin/env node
// The one command line. Each command is a bundle in dist/ run in this very process, so that signals reach it directly.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { endAtSignal } from '../tools/children.mjs'

/** Command → bundle, the arguments put before the user's, whether it runs until it is stopped, and one line of help in both languages. */
const COMMANDS = {
  serve: { bundle: 'server', args: ['serve'], lasting: true, help: 'run the platform / 运行平台' },
  demo: {
    bundle: 'demo',
    args: [],
    lasting: true,
    help: 'platform, simulated county and collectors / 演示:平台、模拟县域与采集器',
  },
  edge: {
    bundle: 'edge',
    args: [],
    lasting: true,
    help: 'run a collector: edge run --config FILE / 运行采集器',
  },
  simulate: {
    bundle: 'simulator',
    args: [],
    lasting: true,
    help: 'run a simulated county / 运行模拟县域',
  },
  enrol: {
    bundle: 'server',
    args: ['enrol'],
    help: 'issue a one-time code for a collector / 签发采集器登记码',
  },
  export: {
    bundle: 'server',
    args: ['export'],
    help: 'write an evidence file for a site and span / 导出存证文件',
  },
  verify: { bundle: 'verify', args: [], help: 'check an evidence file offline / 离线校验存证文件' },
  replay: {
    bundle: 'server',
    args: ['replay'],
    help: 'rebuild all views from the log and compare / 由日志重建视图并比对',
  },
  audit: {
    bundle: 'server',
    args: ['audit'],
    help: 're-derive every row and name altered ones / 逐行审计数据库',
  },
  backup: { bundle: 'server', args: ['backup'], help: 'write a backup file / 备份' },
  restore: { bundle: 'server', args: ['restore'], help: 'restore a backup into an empty database / 恢复' },
  'accept-loss': {
    bundle: 'server',
    args: ['accept-loss'],
    help: 'go on from an older copy of the database, on record / 接受数据丢失并载入日志',
  },
  migrate: {
    bundle: 'server',
    args: ['migrate'],
    help: 'bring the database schema up to date / 升级数据库结构',
  },
  remove: {
    bundle: 'server',
    args: ['remove'],
    help: 'delete a data folder and its database / 删除数据目录及其数据库',
  },
}

function help() {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  const lines = Object.entries(COMMANDS).map(([name, command]) => `  ${name.padEnd(width)}  ${command.help}`)
  return `油踪 OilTrail\n\nUsage / 用法: oiltrail COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\noiltrail COMMAND --help tells the options of a command / 查看某命令的选项\n`
}

const [name, ...rest] = process.argv.slice(2)
if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(help())
  process.exit(0)
}
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
if (!command) {
  process.stderr.write(`oiltrail: unknown command ${name} / 未知命令\n\n${help()}`)
  process.exit(2)
}
const bundle =
  command.bundle === 'demo'
    ? new URL('../tools/demo.mjs', import.meta.url)
    : new URL(`../dist/${command.bundle}.mjs`, import.meta.url)
if (!existsSync(fileURLToPath(bundle))) {
  process.stderr.write('oiltrail: not built yet; run npm run build first / 尚未构建,请先运行 npm run build\n')
  process.exit(1)
}
// Those that run until somebody stops them listen to signals themselves, once they have been read.
if (command.lasting) endAtSignal({ clean: true })
process.argv = [process.argv[0], fileURLToPath(bundle), ...command.args, ...rest]
process.setSourceMapsEnabled(true)
await import(bundle.href)
