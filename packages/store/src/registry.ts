import type { Site } from '@oiltrail/domain'
import type { Transaction } from './pool.ts'

/** The registry of sites as rows. Numbers (`…Id`) are given by the follower in the order of the log. */

export interface SiteRow {
  readonly siteId: number
  readonly site: string
  readonly effectiveAt: number
  /** The registration in force. */
  readonly document: Site
  /** Registrations that hold from a later moment, oldest first. */
  readonly coming: readonly Site[]
}
export interface TankRow {
  readonly tankId: number
  readonly siteId: number
  readonly tank: string
  readonly grade: number
  readonly capacityMillilitres: number
  readonly safeFillMillilitres: number
  readonly diameterMillimetres: number
  /** Whether the registration in force names it. */
  readonly standing: boolean
}
export interface NozzleRow {
  readonly nozzleId: number
  readonly siteId: number
  readonly dispenser: string
  readonly nozzle: string
  readonly arm: boolean
  /** Whether the registration in force names it. */
  readonly standing: boolean
}
/** From `validFrom` on the nozzle draws from this tank, whose grade is `grade`. */
export interface NozzleLinkRow {
  readonly nozzleId: number
  readonly validFrom: number
  readonly tankId: number
  readonly grade: number
}
export interface RegistryRows {
  readonly sites: readonly SiteRow[]
  readonly tanks: readonly TankRow[]
  readonly nozzles: readonly NozzleRow[]
  readonly links: readonly NozzleLinkRow[]
}

/** Writes whole rows of the registry; a row that exists is replaced. */
export async function putRegistry(tx: Transaction, county: number, rows: RegistryRows): Promise<void> {
  if (rows.sites.length > 0)
    await tx.query(
      `insert into site (county, site_id, site, document, coming, effective_at, name, kind, town, enterprise, enterprise_name, longitude, latitude)
       select $1::int4, * from unnest($2::int4[], $3::text[], $4::jsonb[], $5::jsonb[], $6::int8[], $7::text[], $8::text[], $9::text[],
         $10::text[], $11::text[], $12::float8[], $13::float8[])
       on conflict (county, site_id) do update set document = excluded.document, coming = excluded.coming, effective_at = excluded.effective_at,
         name = excluded.name, kind = excluded.kind, town = excluded.town, enterprise = excluded.enterprise,
         enterprise_name = excluded.enterprise_name, longitude = excluded.longitude, latitude = excluded.latitude`,
      [
        county,
        rows.sites.map((s) => s.siteId),
        rows.sites.map((s) => s.site),
        rows.sites.map((s) => JSON.stringify(s.document)),
        rows.sites.map((s) => JSON.stringify(s.coming)),
        rows.sites.map((s) => s.effectiveAt),
        rows.sites.map((s) => s.document.name),
        rows.sites.map((s) => s.document.kind),
        rows.sites.map((s) => s.document.town),
        rows.sites.map((s) => s.document.enterprise.code),
        rows.sites.map((s) => s.document.enterprise.name),
        rows.sites.map((s) => s.document.longitude),
        rows.sites.map((s) => s.document.latitude),
      ],
    )
  if (rows.tanks.length > 0)
    await tx.query(
      `insert into tank (county, tank_id, site_id, tank, grade, capacity_ml, safe_fill_ml, diameter_mm, standing)
       select $1::int4, * from unnest($2::int4[], $3::int4[], $4::text[], $5::int2[], $6::int8[], $7::int8[], $8::int4[], $9::bool[])
       on conflict (county, tank_id) do update set grade = excluded.grade, capacity_ml = excluded.capacity_ml,
         safe_fill_ml = excluded.safe_fill_ml, diameter_mm = excluded.diameter_mm, standing = excluded.standing`,
      [
        county,
        rows.tanks.map((t) => t.tankId),
        rows.tanks.map((t) => t.siteId),
        rows.tanks.map((t) => t.tank),
        rows.tanks.map((t) => t.grade),
        rows.tanks.map((t) => t.capacityMillilitres),
        rows.tanks.map((t) => t.safeFillMillilitres),
        rows.tanks.map((t) => t.diameterMillimetres),
        rows.tanks.map((t) => t.standing),
      ],
    )
  if (rows.nozzles.length > 0)
    await tx.query(
      `insert into nozzle (county, nozzle_id, site_id, dispenser, nozzle, arm, standing)
       select $1::int4, * from unnest($2::int4[], $3::int4[], $4::text[], $5::text[], $6::bool[], $7::bool[])
       on conflict (county, nozzle_id) do update set dispenser = excluded.dispenser, standing = excluded.standing`,
      [
        county,
        rows.nozzles.map((n) => n.nozzleId),
        rows.nozzles.map((n) => n.siteId),
        rows.nozzles.map((n) => n.dispenser),
        rows.nozzles.map((n) => n.nozzle),
        rows.nozzles.map((n) => n.arm),
        rows.nozzles.map((n) => n.standing),
      ],
    )
  if (rows.links.length > 0)
    await tx.query(
      `insert into nozzle_link (county, nozzle_id, valid_from, tank_id, grade)
       select $1::int4, * from unnest($2::int4[], $3::int8[], $4::int4[], $5::int2[])
       on conflict (county, nozzle_id, valid_from) do update set tank_id = excluded.tank_id, grade = excluded.grade`,
      [
        county,
        rows.links.map((l) => l.nozzleId),
        rows.links.map((l) => l.validFrom),
        rows.links.map((l) => l.tankId),
        rows.links.map((l) => l.grade),
      ],
    )
}

/** Reads the whole registry of a county, in the order in which numbers were given. */
export async function loadRegistry(tx: Transaction, county: number): Promise<RegistryRows> {
  const sites = await tx.query<SiteRow>(
    'select site_id as "siteId", site, effective_at as "effectiveAt", document, coming from site where county = $1 order by site_id',
    [county],
  )
  const tanks = await tx.query<TankRow>(
    `select tank_id as "tankId", site_id as "siteId", tank, grade, capacity_ml as "capacityMillilitres",
       safe_fill_ml as "safeFillMillilitres", diameter_mm as "diameterMillimetres", standing
     from tank where county = $1 order by tank_id`,
    [county],
  )
  const nozzles = await tx.query<NozzleRow>(
    'select nozzle_id as "nozzleId", site_id as "siteId", dispenser, nozzle, arm, standing from nozzle where county = $1 order by nozzle_id',
    [county],
  )
  const links = await tx.query<NozzleLinkRow>(
    `select nozzle_id as "nozzleId", valid_from as "validFrom", tank_id as "tankId", grade
     from nozzle_link where county = $1 order by nozzle_id, valid_from`,
    [county],
  )
  return { sites: sites.rows, tanks: tanks.rows, nozzles: nozzles.rows, links: links.rows }
}

/** One price fact of a nozzle. The newest by (at, seq, price) is in force. */
export interface PriceFact {
  readonly nozzleId: number
  readonly at: number
  readonly seq: number
  readonly priceFenPerLitre: number
}

/**
 * Price facts of some nozzles from the one in force at `from` on, oldest first. One `from` for each nozzle.
 */
export async function loadPrices(
  tx: Transaction,
  county: number,
  nozzleIds: readonly number[],
  from: readonly number[],
): Promise<PriceFact[]> {
  if (nozzleIds.length === 0) return []
  const { rows } = await tx.query<PriceFact>({
    name: 'views-load-prices',
    text: `select p.nozzle_id as "nozzleId", p.at, p.seq, p.price_fen as "priceFenPerLitre"
      from unnest($2::int4[], $3::int8[]) n (id, from_at)
      cross join lateral (
        select * from price where county = $1 and nozzle_id = n.id and at >= coalesce(
          (select max(at) from price where county = $1 and nozzle_id = n.id and at <= n.from_at), 0)
      ) p
      order by p.nozzle_id, p.at, p.seq, p.price_fen`,
    values: [county, nozzleIds, from],
  })
  return rows
}
