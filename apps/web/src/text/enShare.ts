import type { zhShare } from './zhShare.ts'

const platforms = (count: string): string => `${count} ${count === '1' ? 'platform' : 'platforms'}`

/** Words of handing the log on to other platforms. */
export const enShare: typeof zhShare = {
  title: 'Sharing',
  intro:
    'The evidence log is handed on to these platforms byte for byte and in its order, so that they can check every signature. What cannot be delivered waits here and holds nothing up.',
  none: 'No other platform is set. Start with --share-url and its address: the log is handed on from its first entry.',
  platforms: 'Platforms',
  titleWell: (count) => `${platforms(count)} ${count === '1' ? 'has' : 'have'} everything`,
  titleWaiting: (count, waiting) => `${platforms(count)} behind, at most ${waiting} entries wait`,
  titleFailing: (count, waiting) => `${platforms(count)} out of reach, at most ${waiting} entries wait`,
  target: 'Platform',
  state: 'State',
  states: {
    well: 'Has everything',
    sending: 'Handing on',
    failing: 'Out of reach, trying again',
    stopped: 'No longer handed on to',
  },
  until: 'Has data until',
  waiting: 'Waiting',
  waitingSince: 'Oldest of them',
  statements: 'Statements',
  batches: 'Batches',
  bytes: 'Bytes',
  content: 'What',
  both: 'Batches and statements',
  batchesOnly: 'Batches only',
  last: 'Latest',
  refused: 'Refused',
  never: 'Nothing yet',
  entries: (count) => `${count} entries`,
  failingSince: (age) => `out of reach since ${age}`,
  failingNote:
    'It is tried again by itself, at least once a minute; then handing on goes on where it stopped, nothing twice, nothing left out.',
  refusals: (target) => `Entries that ${target} refused`,
  refusalsNote: 'Once put right over there they are offered again at the next start of this platform',
  newestOf: (shown, all) => `The newest ${shown} of ${all}`,
  position: 'Entry',
  code: 'Code',
  meaning: 'Meaning',
  detail: 'What it answered',
  at: 'Time',
}
