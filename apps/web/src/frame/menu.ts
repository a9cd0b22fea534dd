import { paths } from '../paths.ts'
import type { Words } from '../text/zh.ts'

interface MenuItem {
  readonly key: Exclude<keyof Words['menu'], 'label'>
  readonly to: string
  /** Also on the wall, which has room for what one goes to from a glance. */
  readonly wall: boolean
}

/** The menu by task, in its order. What does not exist yet is not here. */
export const MENU: readonly MenuItem[] = [
  { key: 'monitor', to: paths.cockpit(), wall: false },
  { key: 'alarms', to: paths.alarms(), wall: true },
  { key: 'sites', to: paths.sites(), wall: true },
  { key: 'windows', to: paths.windows(), wall: false },
  { key: 'statistics', to: paths.statistics(), wall: true },
  { key: 'devices', to: paths.devices(), wall: true },
  { key: 'log', to: paths.log(), wall: true },
  { key: 'share', to: paths.share(), wall: false },
]
