import { explainProblem, type Problem, ProblemError } from '@oiltrail/kernel'

/** The command was told something that cannot be: a wrong option or setting. Everything else that fails is 1. */
const WRONG_USAGE = 2
const FAILED = 1

/** What an operator is told of a failure of the machine around us: what it is and what to do, in both languages. */
interface Advice {
  readonly zh: string
  readonly en: string
}

const UNREACHABLE: Advice = {
  zh: '连接不上该地址:核对地址(DATABASE_URL、--api、--host),确认对方正在运行',
  en: 'Nobody answers there: check the address (DATABASE_URL, --api, --host) and that the other side is running',
}
const NOT_ALLOWED: Advice = {
  zh: '没有权限:换一个目录(--data),或把该路径交给运行本程序的用户',
  en: 'This user may not do that: choose another folder (--data), or give the path to the user that runs this program',
}
const NO_FOLDER: Advice = {
  zh: '该路径不是目录:换一个目录(--data)',
  en: 'A file is in the way of this folder: choose another folder (--data)',
}
const NO_ROOM: Advice = {
  zh: '磁盘已满:腾出空间后重新启动,已入库的数据不会丢失',
  en: 'The disk is full: make room and start again; what was accepted is not lost',
}
const NOT_LET_IN: Advice = {
  zh: '数据库拒绝该用户或口令:核对 DATABASE_URL 与 pg_hba.conf',
  en: 'The database refuses this user or password: check DATABASE_URL and pg_hba.conf',
}

/** By the code of Node's system errors, and of PostgreSQL's (appendix A of its manual). */
const ADVICE: Readonly<Record<string, Advice>> = {
  EADDRINUSE: {
    zh: '端口已被占用:停止占用它的程序,或换一个端口(--port、--mqtt-port、--mqtts-port)',
    en: 'The port is taken: stop the program that uses it, or choose another (--port, --mqtt-port, --mqtts-port)',
  },
  EADDRNOTAVAIL: {
    zh: '本机没有这个地址:核对 --host',
    en: 'This machine does not have this address: check --host',
  },
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EROFS: NOT_ALLOWED,
  EEXIST: {
    zh: '该路径已被占用:换一个文件名或目录(--data)',
    en: 'Something is at this path already: choose another file name, or another folder (--data)',
  },
  ENOTDIR: NO_FOLDER,
  ENOENT: { zh: '找不到该文件或目录:核对路径', en: 'There is no such file or folder: check the path' },
  EISDIR: { zh: '该路径是目录,需要文件:核对路径', en: 'This is a folder, a file is needed: check the path' },
  ENOSPC: NO_ROOM,
  EDQUOT: NO_ROOM,
  '53100': NO_ROOM,
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  '28000': NOT_LET_IN,
  '28P01': NOT_LET_IN,
  '3D000': {
    zh: '没有这个数据库:先建库(createdb),或核对 DATABASE_URL',
    en: 'There is no such database: create it (createdb), or check DATABASE_URL',
  },
  '42501': {
    zh: '数据库用户权限不足:它须是该库的所有者',
    en: 'The database user lacks a right: it must own the database',
  },
  '53300': {
    zh: '数据库连接数已满:调高 max_connections',
    en: 'The database takes no more connections: raise max_connections',
  },
}
/** Listening below it is a privilege. */
const FIRST_FREE_PORT = 1024
const LOW_PORT: Advice = {
  zh: `没有权限监听 ${FIRST_FREE_PORT} 以下的端口:换一个端口,或在前端用反向代理`,
  en: `This user may not listen below port ${FIRST_FREE_PORT}: choose another port, or put a reverse proxy in front`,
}
/** Words in Chinese were written for whoever sits at the console; a stack behind them would bury them. */
const FOR_PEOPLE = /\p{Script=Han}/u

/**
 * What to write on standard error when a command fails, and its exit code: 2 for a wrong option or setting, 1 for the rest. An
 * error that we know nothing about keeps its stack, for the report.
 */
export function tellFailure(error: unknown): { readonly lines: readonly string[]; readonly code: number } {
  if (error instanceof ProblemError) return tellProblem(error.problem)
  const failure = isSystemError(error) ? error : undefined
  const advice = failure && adviceOn(failure)
  if (failure && advice)
    return { lines: [`oiltrail: ${failure.message}`, `  ${advice.zh}`, `  ${advice.en}`], code: FAILED }
  if (!(error instanceof Error)) return { lines: [`oiltrail: ${String(error)}`], code: FAILED }
  const words = FOR_PEOPLE.test(error.message) ? error.message : (error.stack ?? error.message)
  return { lines: [`oiltrail: ${words}`], code: FAILED }
}

/** A wrong option is no line of a file, of which the catalogue speaks. */
const WRONG_SETTING = {
  zh: '设置有误:按提示修改;--help 列出全部选项',
  en: 'A setting is wrong: correct what is named; --help lists the options',
}

function tellProblem(problem: Problem): { lines: string[]; code: number } {
  const place = problem.where === undefined ? '' : ` (${problem.where})`
  const first = `oiltrail: ${problem.code}${place}: ${problem.detail}`
  if (problem.code === 'CONFIG_INVALID')
    return { lines: [first, `  ${WRONG_SETTING.zh}`, `  ${WRONG_SETTING.en}`], code: WRONG_USAGE }
  const zh = explainProblem(problem, 'zh')
  const en = explainProblem(problem, 'en')
  return {
    lines: [first, `  ${zh.happened}:${zh.remedy}`, `  ${en.happened}: ${en.remedy}`],
    code: FAILED,
  }
}

/** Node's and PostgreSQL's errors alike carry a code; several attempts at one address come as one error around them. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}

function adviceOn(error: NodeJS.ErrnoException): Advice | undefined {
  if (error.code === 'EACCES' && error.syscall === 'listen') return LOW_PORT
  return Object.hasOwn(ADVICE, error.code!) ? ADVICE[error.code!] : undefined
}
