import type { Fault } from './fault.ts'

/** The site loses its mains: devices fall silent, nothing is sold; the pulse module reports it from its capacitor. */
export const mainsOut: Fault = {
  name: 'mains-out',
  zh: '站点停电',
  en: 'The mains of a site are out',
  subject: 'none',
  begin({ devices }, at) {
    devices.conditions.mains = false
    devices.site.cutPower(at)
    return () => {
      devices.conditions.mains = true
      devices.site.powered = true
    }
  },
}

/** Somebody opens the cabinet of the collector. */
export const cabinetOpen: Fault = {
  name: 'cabinet-open',
  zh: '采集箱门被打开',
  en: 'The cabinet of the collector is open',
  subject: 'none',
  begin({ devices }) {
    devices.conditions.cabinetOpen = true
    return () => {
      devices.conditions.cabinetOpen = false
    }
  },
}
