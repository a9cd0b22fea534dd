import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second in /proc on every Linux that Node runs on (sysconf(_SC_CLK_TCK)). */
const TICKS_PER_SECOND = 100

interface ProcessRow {
  readonly pid: number
  readonly parent: number
  /** Own time and that of children it has waited for. */
  readonly cpuSeconds: number
}

function readProcess(pid: number): ProcessRow | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold spaces; the fields are counted behind it: proc_pid_stat(5).
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const ticks = fields[11]! + fields[12]! + fields[13]! + fields[14]!
    return { pid, parent: fields[1]!, cpuSeconds: ticks / TICKS_PER_SECOND }
  } catch {
    return undefined
  }
}

function tree(root: number): ProcessRow[] {
  const all = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((row) => row !== undefined)
  const found = all.filter((row) => row.pid === root)
  for (let i = 0; i < found.length; i++) found.push(...all.filter((row) => row.parent === found[i]!.pid))
  return found
}

/** CPU seconds of a process and all its children, living and waited for. Linux only. */
export function treeCpuSeconds(root: number): number {
  return tree(root).reduce((sum, row) => sum + row.cpuSeconds, 0)
}

/** CPU seconds of one process alone. Linux only. */
export function ownCpuSeconds(pid: number): number {
  return readProcess(pid)?.cpuSeconds ?? Number.NaN
}

/** Memory of a process and its children in bytes, shared pages divided among those that share them (PSS). Linux only. */
export function treeMemoryBytes(root: number): number {
  let kilobytes = 0
  for (const { pid } of tree(root)) {
    try {
      kilobytes += Number(
        /^Pss:\s+([0-9]+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0,
      )
    } catch {
      // It ended between the two readings.
    }
  }
  return kilobytes * 1024
}

/** A process below another one, found by a part of its command line; the nearest one. Linux only. */
export function descendant(root: number, part: string): number | undefined {
  return tree(root).find(({ pid }) => pid !== root && commandOf(pid).includes(part))?.pid
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** The watch's thread is the one that gives way (apps/server/src/watch/threadside.ts): CPU seconds of such threads. Linux only. */
export function niceThreadsCpuSeconds(pid: number): number {
  let sum = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1')
      const fields = text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
      if (fields[16]! > 0) sum += (fields[11]! + fields[12]!) / TICKS_PER_SECOND
    } catch {
      // It ended between the two readings.
    }
  }
  return sum
}
