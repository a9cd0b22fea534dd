import type { Site } from '../registry/site.ts'
import type { ShownEvent, WatchEvent } from './event.ts'
import type { Around } from './rule.ts'
import { partSubject, type Subject, subjectParts } from './subject.ts'

/** Nozzle that a fact is about, as a subject; nothing for other events. */
export function nozzleSubject(event: ShownEvent): readonly Subject[] {
  if (event.type !== 'fact' || !('nozzle' in event.fact)) return []
  return [partSubject(event.site, 'nozzle', event.fact.nozzle)]
}

/** All nozzles of a site, for what concerns its whole channel. */
export function nozzlesOfSite(code: string, site: Site | undefined): readonly Subject[] {
  return (site?.dispensers ?? []).flatMap(({ nozzles }) =>
    nozzles.map(({ nozzle }) => partSubject(code, 'nozzle', nozzle)),
  )
}

/**
 * Tank that a fact is about: its own, or the one its nozzle or arm draws from. A notice and its withdrawal are shown to every tank of
 * the site: one that a corrected notice no longer names must learn it too (`goneNotice`).
 */
export function tankSubject(event: ShownEvent, site: Site | undefined): readonly Subject[] {
  if (event.type === 'tank-point') return [event.subject]
  if (event.type === 'notice' || (event.type === 'withdrawal' && event.withdrawal.of === 'notice'))
    return (site?.tanks ?? []).map(({ tank }) => partSubject(event.site, 'tank', tank))
  if (event.type === 'registration')
    return event.document.tanks.map(({ tank }) => partSubject(event.site, 'tank', tank))
  if (event.type !== 'fact') return []
  const tank = tankOf(event.fact, site)
  return tank === undefined ? [] : [partSubject(event.site, 'tank', tank)]
}

function tankOf(
  fact: Extract<ShownEvent, { type: 'fact' }>['fact'],
  site: Site | undefined,
): string | undefined {
  if ('tank' in fact) return fact.tank
  if ('arm' in fact) return site?.arms.find(({ arm }) => arm === fact.arm)?.tank
  if (!('nozzle' in fact) || !site) return undefined
  for (const { nozzles } of site.dispensers)
    for (const link of nozzles) if (link.nozzle === fact.nozzle) return link.tank
  return undefined
}

/** Number of a notice that names this tank no more: it was withdrawn, or stated (again) for other tanks or another grade. */
export function goneNotice(event: WatchEvent, around: Pick<Around, 'subject' | 'tank'>): string | undefined {
  if (event.type === 'withdrawal') return event.withdrawal.name
  if (event.type !== 'notice') return undefined
  const { notice, tank, grade } = event.notice
  const own = around.tank(subjectParts(around.subject).code)
  const isNamed = tank === undefined ? own?.grade === grade : own?.tank === tank
  return isNamed ? undefined : notice
}

/** Factory number of the dispenser that holds a nozzle, by the registration in force; empty when it is not registered. */
export function factoryOf(site: Site | undefined, nozzle: string): string {
  const found = site?.dispensers.find(({ nozzles }) => nozzles.some((link) => link.nozzle === nozzle))
  return found?.factoryNumber ?? ''
}
