/** Addresses of the pages, in one place; a page links by these and never by a literal. */
export const paths = {
  cockpit: (): string => '/',
  sites: (): string => '/sites',
  site: (site: string): string => `/sites/${encodeURIComponent(site)}`,
  statistics: (): string => '/statistics',
  devices: (): string => '/devices',
  log: (): string => '/log',
  entry: (position: number): string => `/log/${position}`,
} as const
