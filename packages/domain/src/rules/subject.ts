/** What an alarm can be about. `grade` is all tanks and nozzles of one grade at a site. */
export const SUBJECT_KINDS = ['site', 'device', 'channel', 'tank', 'nozzle', 'arm', 'grade'] as const
export type SubjectKind = (typeof SUBJECT_KINDS)[number]

/**
 * Names one thing a rule watches: `S001`, `S001/nozzle/3`, `S001/tank/1`, `S001/channel/520327-S001-A.volume`.
 * A rule keeps one state, and has at most one open alarm, for each subject.
 */
export type Subject = string

/** The subject of a whole site. */
export function siteSubject(site: string): Subject {
  return site
}

/** The subject of one part of a site; `code` is what is painted on it (or `<device>.<channel>`). */
export function partSubject(site: string, kind: Exclude<SubjectKind, 'site'>, code: string): Subject {
  return `${site}/${kind}/${code}`
}

/** The subject of one channel of a collector. */
export function channelSubject(site: string, device: string, channel: string): Subject {
  return partSubject(site, 'channel', `${device}.${channel}`)
}

/** A subject taken apart; `code` is empty for a site. */
export interface SubjectParts {
  readonly site: string
  readonly kind: SubjectKind
  readonly code: string
}

/** Takes a subject apart. A text that is no subject counts as a site of that name. */
export function subjectParts(subject: Subject): SubjectParts {
  // Asked for at every step by many rules: two searches instead of a split.
  const first = subject.indexOf('/')
  if (first < 0) return { site: subject, kind: 'site', code: '' }
  const second = subject.indexOf('/', first + 1)
  const kind = second < 0 ? undefined : PART_KINDS.get(subject.slice(first + 1, second))
  const site = subject.slice(0, first)
  return kind ? { site, kind, code: subject.slice(second + 1) } : { site, kind: 'site', code: '' }
}

const PART_KINDS: ReadonlyMap<string, SubjectKind> = new Map(
  SUBJECT_KINDS.filter((kind) => kind !== 'site').map((kind) => [kind, kind]),
)

const KIND_WORDS: Readonly<
  Record<SubjectKind, { zh: (code: string) => string; en: (code: string) => string }>
> = {
  site: { zh: () => '', en: () => '' },
  device: { zh: (code) => `采集器 ${code}`, en: (code) => `collector ${code}` },
  channel: { zh: channelZh, en: channelEn },
  tank: { zh: (code) => `${code} 号罐`, en: (code) => `tank ${code}` },
  nozzle: { zh: (code) => `${code} 号枪`, en: (code) => `nozzle ${code}` },
  arm: { zh: (code) => `${code} 号鹤管`, en: (code) => `arm ${code}` },
  grade: { zh: (code) => `${code}#`, en: (code) => `grade ${code}` },
}

function channelZh(code: string): string {
  const [device, channel] = code.split('.')
  return `${device} ${channel === 'price' ? '单价' : '油量'}通道`
}

function channelEn(code: string): string {
  const [device, channel] = code.split('.')
  return `${channel} channel of ${device}`
}

/** A subject in words, with the site's name first: `永和加油站 3 号枪`. Sentences of alarms begin with it. */
export function subjectWords(subject: Subject, siteName: string, language: 'zh' | 'en'): string {
  const { kind, code } = subjectParts(subject)
  const part = KIND_WORDS[kind][language](code)
  if (part === '') return siteName
  return language === 'zh' ? `${siteName} ${part}` : `${siteName}, ${part}`
}
