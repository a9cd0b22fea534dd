import { creditCodeCheck, FENGGANG, GRADE_FACTS, type Grade, type Site, siteSchema } from '@oiltrail/domain'
import type { EpochMs } from '@oiltrail/kernel'
import { type Stream, stream } from '../random.ts'
import type { ArmPlan, CountyPlan, DispenserPlan, NozzlePlan, SitePlan, TankPlan } from './plan.ts'
import { DEPOT, ENTERPRISES, STATIONS, type StationSeed } from './stations.ts'
import { TOWN_CENTRES } from './towns.ts'

/** Makers are simulated; the first character of a factory number tells the family of boards (digit or letter). */
const MAKERS: readonly {
  readonly dialect: string
  readonly maker: string
  readonly model: string
  readonly prefix: string
  readonly weight: number
}[] = [
  { dialect: 'ytsf', maker: '模拟加油机一厂', model: 'MN-20Y', prefix: '3', weight: 4 },
  { dialect: 'ktk', maker: '模拟加油机二厂', model: 'MN-22K', prefix: 'K', weight: 3 },
  { dialect: 'synthetic-spaces', maker: '模拟加油机三厂', model: 'MN-30P', prefix: '7', weight: 2 },
  { dialect: 'synthetic-price-first', maker: '模拟加油机四厂', model: 'MN-40F', prefix: 'P', weight: 1 },
]

const DAY_MS = 86_400_000
/** Registrations hold from long before the simulated history, so that every record finds its site. */
const REGISTERED_BEFORE_MS = 400 * DAY_MS
/** Every third dispenser may not be tapped (explosion-proof seal of its maker). */
const UNTAPPED_EVERY = 3
/** Shifts which ones, so that no station has more tapped nozzles than a pulse module has inputs. */
const UNTAPPED_SHIFT = 1
/** Roads of the county wind: travelled distance over air distance, at this speed. */
const ROAD_FACTOR = 1.6
const TANKER_KILOMETRES_PER_HOUR = 35

/** Credit code of a simulated firm: kind 91, area 000000, a running body, the true check character (GB 32100). */
export function simulatedCreditCode(index: number): string {
  const body = `91000000MN${String(index + 1).padStart(7, '0')}`
  return body + (creditCodeCheck(body) ?? '0')
}

/** Kilometres between two WGS-84 points, good to a percent within a county. */
function kilometres(
  a: { longitude: number; latitude: number },
  b: { longitude: number; latitude: number },
): number {
  const north = (a.latitude - b.latitude) * 111.2
  const east = (a.longitude - b.longitude) * 111.2 * Math.cos((a.latitude * Math.PI) / 180)
  return Math.hypot(north, east)
}

function place(town: string, offset: readonly [number, number]): { longitude: number; latitude: number } {
  const centre = TOWN_CENTRES[town]
  if (!centre) throw new Error(`town ${town} has no centre`)
  return {
    longitude: Number((centre.longitude + offset[0]).toFixed(5)),
    latitude: Number((centre.latitude + offset[1]).toFixed(5)),
  }
}

function stationTank(code: string, grade: Grade, random: Stream): TankPlan {
  const capacityLitres =
    grade === '98'
      ? 15_000
      : random.pick([
          [20_000, 2],
          [25_000, 2],
          [30_000, 3],
        ])
  const capacityMillilitres = capacityLitres * 1000
  // One chart in ten is badly wrong: charts off by several percent are met in the field (domain.md).
  const bad = random.next() < 0.1
  return {
    tank: code,
    grade,
    shape: 'horizontal',
    capacityMillilitres,
    safeFillMillilitres: Math.round(capacityMillilitres * 0.95),
    diameterMillimetres: capacityLitres > 15_000 ? 2_600 : 2_200,
    openingShare: random.between(0.4, 0.75),
    chartError: random.between(-1, 1) * (bad ? 0.03 : 0.003),
    waterMicrometres: random.integer(0, 180) * 100,
  }
}

function depotTank(code: string, grade: Grade, random: Stream): TankPlan {
  const capacityMillilitres = (grade === '98' || grade === '-10' ? 500_000 : 1_000_000) * 1000
  return {
    tank: code,
    grade,
    shape: 'vertical',
    capacityMillilitres,
    safeFillMillilitres: Math.round(capacityMillilitres * 0.95),
    diameterMillimetres: capacityMillilitres > 500_000_000 ? 11_500 : 9_200,
    openingShare: random.between(0.45, 0.8),
    chartError: random.between(-1, 1) * 0.001,
    waterMicrometres: random.integer(50, 300) * 100,
  }
}

function planDispenser(
  number: number,
  nozzles: readonly { grade: Grade; tank: string }[],
  start: { nozzle: number; input: number },
  context: { tapped: boolean; taxpayerNumber: string; random: Stream },
): DispenserPlan {
  const { random, tapped } = context
  const maker = random.pick(MAKERS.map((entry) => [entry, entry.weight] as const))
  return {
    dispenser: String(number),
    dialect: maker.dialect,
    maker: maker.maker,
    model: maker.model,
    factoryNumber: maker.prefix + String(random.integer(0, 999_999_999)).padStart(9, '0'),
    taxpayerNumber: context.taxpayerNumber,
    tapped,
    clockOffsetMs: random.integer(-30_000, 30_000),
    nozzles: nozzles.map(({ grade, tank }, i): NozzlePlan => {
      const ticks = random.integer(50_000_000, 400_000_000)
      return {
        nozzle: String(start.nozzle + i),
        grade,
        gun: i + 1,
        input: tapped ? start.input + i : undefined,
        loopOhms: random.integer(980, 1_060),
        tank,
        meterError: Number((random.gaussian() * 0.0008).toFixed(6)),
        flowMillilitresPerSecond: random.integer(480, 620),
        openingMillilitres: ticks * 10,
        openingFen: Math.round(ticks * random.between(6.9, 7.3)),
      }
    }),
  }
}

function planDispensers(
  entry: StationSeed,
  tanks: readonly TankPlan[],
  firstNumber: number,
  seed: number,
  taxpayer: string,
): DispenserPlan[] {
  const used = new Map<Grade, number>()
  const wanted = entry.size.nozzleGrades.map((grade) => {
    const choices = tanks.filter((tank) => tank.grade === grade)
    const turn = used.get(grade) ?? 0
    used.set(grade, turn + 1)
    return { grade, tank: choices[turn % choices.length]!.tank }
  })
  const dispensers: DispenserPlan[] = []
  let input = 0
  for (let i = 0; i < wanted.length; ) {
    const count = wanted.length - i === 3 ? 3 : 2
    const number = dispensers.length + 1
    const tapped = (firstNumber + number + UNTAPPED_SHIFT) % UNTAPPED_EVERY !== 0
    dispensers.push(
      planDispenser(
        number,
        wanted.slice(i, i + count),
        { nozzle: i + 1, input },
        {
          tapped,
          taxpayerNumber: taxpayer,
          random: stream(seed, `dispenser ${entry.name} ${number}`),
        },
      ),
    )
    if (tapped) input += count
    i += count
  }
  return dispensers
}

function register(
  code: string,
  kind: Site['kind'],
  parts: Omit<SitePlan, 'site' | 'device' | 'driveMs'>,
  head: Pick<Site, 'name' | 'town' | 'longitude' | 'latitude' | 'effectiveAt'> & { enterprise: number },
): Site {
  const { enterprise, ...rest } = head
  return siteSchema.parse({
    site: code,
    kind,
    ...rest,
    enterprise: { code: simulatedCreditCode(enterprise), name: ENTERPRISES[enterprise] },
    tanks: parts.tanks.map((tank) => ({
      tank: tank.tank,
      grade: tank.grade,
      capacityMillilitres: tank.capacityMillilitres,
      safeFillMillilitres: tank.safeFillMillilitres,
      diameterMillimetres: tank.diameterMillimetres,
    })),
    dispensers: parts.dispensers.map((dispenser) => ({
      dispenser: dispenser.dispenser,
      maker: dispenser.maker,
      model: dispenser.model,
      factoryNumber: dispenser.factoryNumber,
      nozzles: dispenser.nozzles.map(({ nozzle, tank }) => ({ nozzle, tank })),
    })),
    arms: parts.arms.map(({ arm, tank }) => ({ arm, tank })),
  })
}

function planStation(
  entry: StationSeed,
  index: number,
  firstDispenser: number,
  seed: number,
  effectiveAt: EpochMs,
): SitePlan {
  const random = stream(seed, `station ${entry.name}`)
  const tanks = entry.size.tankGrades.map((grade, i) =>
    stationTank(String(i + 1), grade, stream(seed, `tank ${entry.name} ${i + 1}`)),
  )
  const code = `S${String(index + 1).padStart(3, '0')}`
  const parts = {
    salesPerDay: Math.round(entry.size.salesPerDay * random.between(0.93, 1.07)),
    allNight: entry.allNight,
    discountFenPerLitre: entry.enterprise > 1 ? random.integer(3, 8) * 5 : 0,
    tanks,
    dispensers: planDispensers(entry, tanks, firstDispenser, seed, simulatedCreditCode(entry.enterprise)),
    arms: [],
  }
  const where = place(entry.town, entry.offset)
  const road = kilometres(where, place(DEPOT.town, DEPOT.offset)) * ROAD_FACTOR
  return {
    site: register(code, 'station', parts, {
      name: entry.name,
      town: entry.town,
      ...where,
      effectiveAt,
      enterprise: entry.enterprise,
    }),
    device: `${FENGGANG.code}-${code}-A`,
    driveMs: Math.round((road / TANKER_KILOMETRES_PER_HOUR) * 60) * 60_000,
    ...parts,
  }
}

function planDepot(seed: number, effectiveAt: EpochMs): SitePlan {
  const tanks = DEPOT.tankGrades.map((grade, i) =>
    depotTank(String(i + 1), grade, stream(seed, `tank ${DEPOT.name} ${i + 1}`)),
  )
  const parts = {
    salesPerDay: 0,
    allNight: false,
    discountFenPerLitre: 0,
    tanks,
    dispensers: [],
    arms: tanks.map((tank, i): ArmPlan => {
      const random = stream(seed, `arm ${DEPOT.name} ${i + 1}`)
      return {
        arm: `A${i + 1}`,
        input: i,
        tank: tank.tank,
        grade: tank.grade,
        flowMillilitresPerSecond: random.integer(18_000, 24_000),
        openingMillilitres: random.integer(200_000, 900_000) * 100_000,
      }
    }),
  }
  const head = {
    name: DEPOT.name,
    town: DEPOT.town,
    ...place(DEPOT.town, DEPOT.offset),
    effectiveAt,
    enterprise: DEPOT.enterprise,
  }
  return {
    site: register('D001', 'depot', parts, head),
    device: `${FENGGANG.code}-D001-A`,
    driveMs: 0,
    ...parts,
  }
}

/** The county of a seed: 20 stations and one depot, the same for the same seed and the same registration time. */
export function planCounty(seed: number, now: EpochMs): CountyPlan {
  const effectiveAt = Math.floor((now - REGISTERED_BEFORE_MS) / DAY_MS) * DAY_MS
  const sites: SitePlan[] = []
  let dispensers = 0
  for (const [index, entry] of STATIONS.entries()) {
    const plan = planStation(entry, index, dispensers, seed, effectiveAt)
    dispensers += plan.dispensers.length
    sites.push(plan)
  }
  sites.push(planDepot(seed, effectiveAt))
  return { seed, county: FENGGANG.code, sites }
}

/** Density at 20 °C of a grade, kg/m³, as the county's product really is. */
export function densityOf(grade: Grade): number {
  return GRADE_FACTS[grade].density20
}
