import { SITE_PATTERN } from '@oiltrail/kernel'
import { z } from 'zod'
import { subjectCode, volumeMillilitres } from '../facts/fields.ts'
import { GRADES } from './grades.ts'

/** Text that a database can keep and a page can show: no control characters, no half of a surrogate pair. */
const text = (longest: number): z.ZodString =>
  z
    .string()
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u)
const name = text(80).min(1)

/** A tank and what is in it. Heights and volumes of the chart rise together; between rows the chart is linear (罐容表). */
export const tankSchema = z.strictObject({
  tank: subjectCode,
  grade: z.enum(GRADES),
  capacityMillilitres: volumeMillilitres,
  /** Above this a delivery must stop: 95 % of capacity unless the certificate says otherwise (GB 50156). */
  safeFillMillilitres: volumeMillilitres,
  diameterMillimetres: z.int().min(100).max(60_000),
})

/** A dispenser and its nozzles; each nozzle draws from one tank. */
export const dispenserSchema = z.strictObject({
  dispenser: subjectCode,
  maker: name,
  model: name,
  factoryNumber: text(32),
  nozzles: z
    .array(z.strictObject({ nozzle: subjectCode, tank: subjectCode }))
    .min(1)
    .max(12),
})

/** Registration of a site: one document, valid from a moment until the next registration of the same site. */
export const siteSchema = z
  .strictObject({
    site: z.string().regex(SITE_PATTERN),
    name,
    kind: z.enum(['station', 'depot']),
    enterprise: z.strictObject({ code: z.string().regex(/^[0-9A-Z]{18}$/), name }),
    /** Nine digits: county and town, for example 520327001. */
    town: z.string().regex(/^[0-9]{9}$/),
    /** WGS-84 degrees. */
    longitude: z.number().min(73).max(136),
    latitude: z.number().min(3).max(54),
    tanks: z.array(tankSchema).max(64),
    dispensers: z.array(dispenserSchema).max(64),
    arms: z.array(z.strictObject({ arm: subjectCode, tank: subjectCode })).max(32),
    /** Epoch milliseconds from which this registration holds. */
    effectiveAt: z.int().min(0),
  })
  .superRefine((site, context) => {
    const tanks = new Set(site.tanks.map((tank) => tank.tank))
    if (tanks.size !== site.tanks.length)
      context.addIssue({ code: 'custom', path: ['tanks'], message: 'two tanks share a code' })
    const nozzles = new Set<string>()
    for (const [d, dispenser] of site.dispensers.entries())
      for (const [n, nozzle] of dispenser.nozzles.entries()) {
        const path = ['dispensers', d, 'nozzles', n]
        if (nozzles.has(nozzle.nozzle))
          context.addIssue({ code: 'custom', path, message: `nozzle ${nozzle.nozzle} stands twice` })
        if (!tanks.has(nozzle.tank))
          context.addIssue({ code: 'custom', path, message: `tank ${nozzle.tank} is not registered` })
        nozzles.add(nozzle.nozzle)
      }
    for (const [a, arm] of site.arms.entries())
      if (!tanks.has(arm.tank))
        context.addIssue({ code: 'custom', path: ['arms', a], message: `tank ${arm.tank} is not registered` })
  })

export type Site = z.infer<typeof siteSchema>
export type Tank = z.infer<typeof tankSchema>
export type Dispenser = z.infer<typeof dispenserSchema>
