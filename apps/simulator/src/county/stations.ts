import type { Grade } from '@oiltrail/domain'

/** How big a station is: what it has, and what it sells on an average day. */
export interface SizeClass {
  readonly salesPerDay: number
  /** Grade of each nozzle; two nozzles stand on one dispenser, a trailing third one joins the last. */
  readonly nozzleGrades: readonly Grade[]
  readonly tankGrades: readonly Grade[]
}

const LARGE: SizeClass = {
  salesPerDay: 610,
  nozzleGrades: ['92', '95', '92', '95', '92', '98', '92', '0', '0', '0'],
  tankGrades: ['92', '92', '92', '95', '98', '0', '0'],
}
const LARGE_THREE_NOZZLE: SizeClass = { ...LARGE, nozzleGrades: [...LARGE.nozzleGrades, '92'] }
const MEDIUM_SIX: SizeClass = {
  salesPerDay: 345,
  nozzleGrades: ['92', '95', '92', '95', '92', '98', '0', '0'],
  tankGrades: ['92', '92', '95', '98', '0', '0'],
}
const MEDIUM_FIVE: SizeClass = {
  salesPerDay: 315,
  nozzleGrades: ['92', '95', '92', '95', '92', '0', '92', '0'],
  tankGrades: ['92', '92', '95', '0', '0'],
}
const COLD_FIVE: SizeClass = {
  salesPerDay: 290,
  nozzleGrades: ['92', '95', '92', '95', '92', '0', '92', '-10'],
  tankGrades: ['92', '92', '95', '0', '-10'],
}
const SMALL: SizeClass = {
  salesPerDay: 152,
  nozzleGrades: ['92', '95', '92', '0'],
  tankGrades: ['92', '92', '95', '0'],
}

/** A station before the seed has given it its particulars. */
export interface StationSeed {
  readonly name: string
  readonly town: string
  readonly size: SizeClass
  /** Index into ENTERPRISES. */
  readonly enterprise: number
  /** Distance from its town's centre, degrees east and north. */
  readonly offset: readonly [number, number]
  /** Open day and night; otherwise 06:00–22:00 as filed. */
  readonly allNight: boolean
}

/** Simulated firms; the area 000000 of their credit codes can belong to no real one. */
export const ENTERPRISES: readonly string[] = [
  '模拟石油一公司',
  '模拟石化二公司',
  '模拟民营甲公司',
  '模拟民营乙公司',
  '模拟民营丙公司',
  '模拟民营丁公司',
]

function station(
  name: string,
  town: string,
  size: SizeClass,
  enterprise: number,
  offset: readonly [number, number],
  allNight = size.salesPerDay > 300,
): StationSeed {
  return { name, town: `520327${town}`, size, enterprise, offset, allNight }
}

/** 20 stations: 68 dispensers, 137 nozzles, 104 tanks. */
export const STATIONS: readonly StationSeed[] = [
  station('龙泉加油站', '001', LARGE_THREE_NOZZLE, 0, [-0.006, 0.004]),
  station('龙泉北加油站', '001', LARGE, 1, [0.004, 0.022]),
  station('凤岭加油站', '004', LARGE, 0, [0.008, -0.003]),
  station('凤岭南加油站', '004', MEDIUM_SIX, 1, [0.012, -0.021]),
  station('何坝加油站', '002', MEDIUM_SIX, 0, [-0.009, -0.006]),
  station('花坪加油站', '003', MEDIUM_FIVE, 0, [0.006, 0.005]),
  station('进化加油站', '101', MEDIUM_FIVE, 1, [0.007, -0.004]),
  station('琊川加油站', '102', MEDIUM_SIX, 0, [-0.006, 0.006]),
  station('琊川东加油站', '102', SMALL, 2, [0.026, 0.003]),
  station('蜂岩加油站', '103', SMALL, 1, [0.004, 0.004]),
  station('永和加油站', '104', MEDIUM_FIVE, 0, [-0.004, 0.005]),
  station('永和西加油站', '104', SMALL, 3, [-0.026, -0.005]),
  station('绥阳加油站', '106', LARGE, 0, [0.003, -0.005]),
  station('绥阳北加油站', '106', SMALL, 4, [0.01, 0.024]),
  station('土溪加油站', '107', MEDIUM_SIX, 1, [0.004, -0.003]),
  station('永安加油站', '108', COLD_FIVE, 0, [-0.004, 0.004]),
  station('永安东加油站', '108', SMALL, 5, [0.027, 0.006]),
  station('天桥加油站', '110', SMALL, 1, [-0.005, 0.004]),
  station('王寨加油站', '111', SMALL, 0, [0.005, 0.003]),
  station('新建加油站', '112', SMALL, 1, [-0.004, -0.004]),
]

/** The depot's tanks, each with a loading arm of its own. */
export const DEPOT: {
  readonly name: string
  readonly town: string
  readonly enterprise: number
  readonly offset: readonly [number, number]
  readonly tankGrades: readonly Grade[]
} = {
  name: '何坝油库',
  town: '520327002',
  enterprise: 0,
  offset: [0.03, -0.012],
  tankGrades: ['92', '92', '92', '95', '95', '98', '0', '0', '-10'],
}
