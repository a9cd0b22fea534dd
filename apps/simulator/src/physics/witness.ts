import type { EpochMs } from '@oiltrail/kernel'
import type { Fill, NozzleBody } from './nozzle.ts'
import type { ArmBody, Load, SiteBody } from './site.ts'
import type { Statement } from './tampering.ts'
import type { Inflow, TankBody } from './tank.ts'

/** Who is told what happens in the county, in the order in which it happens. A witness changes nothing. */
export interface Witness {
  saleEnded?(site: SiteBody, nozzle: NozzleBody, fill: Fill): void
  priceSet?(site: SiteBody, nozzle: NozzleBody, at: EpochMs): void
  loadEnded?(site: SiteBody, arm: ArmBody, load: Load): void
  inflowStarting?(site: SiteBody, tank: TankBody, inflow: Inflow): void
  /** Something is told to the authority: a delivery is announced, a registration or a window stated. */
  stated?(site: SiteBody, statement: Statement): void
  inflowEnded?(site: SiteBody, tank: TankBody, inflow: Inflow): void
}
