import { paths } from '../paths.ts'
import type { Words } from '../text/zh.ts'

/** The menu by task, in its order. What does not exist yet is not here. */
export const MENU: readonly { readonly key: Exclude<keyof Words['menu'], 'label'>; readonly to: string }[] = [
  { key: 'monitor', to: paths.cockpit() },
  { key: 'alarms', to: paths.alarms() },
  { key: 'sites', to: paths.sites() },
  { key: 'windows', to: paths.windows() },
  { key: 'statistics', to: paths.statistics() },
  { key: 'devices', to: paths.devices() },
  { key: 'log', to: paths.log() },
  { key: 'share', to: paths.share() },
]
