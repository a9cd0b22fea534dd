/** Addresses of the pages, in one place; a page links by these and never by a literal. */
export const paths = {
  cockpit: (): string => '/',
  sites: (): string => '/sites',
  site: (site: string): string => `/sites/${encodeURIComponent(site)}`,
  statistics: (): string => '/statistics',
  devices: (): string => '/devices',
  witnesses: (site: string): string => `/sites/${encodeURIComponent(site)}/witnesses`,
  windows: (): string => '/windows',
  windowsOf: (site: string): string => `/windows?site=${encodeURIComponent(site)}`,
  share: (): string => '/sharing',
  alarms: (): string => '/alarms',
  alarmsOf: (site: string): string => `/alarms?site=${encodeURIComponent(site)}`,
  alarm: (alarm: number): string => `/alarms/${alarm}`,
  rules: (): string => '/rules',
  rule: (rule: string): string => `/rules?rule=${encodeURIComponent(rule)}`,
  log: (): string => '/log',
  entry: (position: number): string => `/log/${position}`,
} as const
