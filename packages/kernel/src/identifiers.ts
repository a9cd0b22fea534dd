/** Six digits of GB/T 2260, for example 520327 for 凤冈县. */
export type CountyCode = string
/** A collector: `<county>-<site>-<box>`, upper-case letters and digits, for example `520327-S001-A`. */
export type DeviceId = string
/** The two isolated acquisition channels of a collector (requirement C3). */
export type Channel = 'volume' | 'price'

export const CHANNELS: readonly Channel[] = ['volume', 'price']
export const COUNTY_PATTERN: RegExp = /^[0-9]{6}$/
export const DEVICE_PATTERN: RegExp = /^[0-9]{6}-[A-Z0-9]{1,16}-[A-Z0-9]{1,8}$/
export const SITE_PATTERN: RegExp = /^[A-Z0-9]{1,16}$/

/** Whether a text is one of the two channels. */
export function isChannel(text: unknown): text is Channel {
  return text === 'volume' || text === 'price'
}
