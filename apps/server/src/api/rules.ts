import {
  RULE_FAILED,
  type Rule,
  SettingsBook,
  type SettingValues,
  type Site,
  settingsFault,
} from '@oiltrail/domain'
import { DAY_MS } from '@oiltrail/kernel'
import {
  findNotice,
  findWindow,
  listNotices,
  listRuleFigures,
  listSettingsChanges,
  listVerdicts,
  listWindows,
  loadBooks,
  positionAt,
} from '@oiltrail/store'
import { MOST_TRIAL_ENTRIES, type TrialAlarm, tryRule, unmatched } from '../watch/trial.ts'
import { definite } from '../watch/watcher.ts'
import { type ApiParts, bounded, fail, type Handlers, unwrap } from './handler.ts'
import { registered } from './sites.ts'

const ADMINISTRATOR = 'administrator'
const RECENT_MS = 30 * DAY_MS
const MAX_LIST = 500
const HISTORY = 200
/** How far ahead people may state what will hold or come; a later date is a slip of the pen that nobody would notice. */
const FARTHEST_AHEAD_MS = 366 * DAY_MS
/** Alarms that are listed one by one of a trial. */
const TRIAL_LISTED = 200

/** A rule's settings with values. */
export function settingViews(rule: Rule | undefined, values: SettingValues) {
  return Object.entries(rule?.settings ?? {}).map(([key, setting]) => ({
    key,
    label: { ...setting.label },
    unit: setting.unit,
    value: values[key] ?? setting.value,
    default: setting.value,
    least: setting.least,
    most: setting.most,
    source: setting.source,
    effective: setting.effective,
  }))
}

function ruleOf({ context }: ApiParts, id: string): Rule {
  return context.watch.rule(id) ?? fail('NOT_FOUND', `there is no rule ${id}`, 'rule')
}

function notTooFar({ context }: ApiParts, at: number, where: string): void {
  if (at > context.clock.now() + FARTHEST_AHEAD_MS)
    fail('INVALID_REQUEST', 'it lies more than a year ahead', where)
}

/** Refuses a site that is not registered: what is stated about it would hold nowhere, and nobody would know. */
async function siteNamed(parts: ApiParts, site: string): Promise<Site | undefined> {
  return site === '' ? undefined : (await registered(parts, site)).document
}

/** Whether a site has the part that `tank/1`, `nozzle/3`, `arm/A1` or `device/520327-S001-A` names. */
function hasPart({ site, tanks, dispensers, arms }: Site, part: string): boolean {
  const [kind, code = ''] = part.split('/')
  if (kind === 'tank') return tanks.some(({ tank }) => tank === code)
  if (kind === 'nozzle')
    return dispensers.some(({ nozzles }) => nozzles.some(({ nozzle }) => nozzle === code))
  if (kind === 'arm') return arms.some(({ arm }) => arm === code)
  return kind !== 'device' || code.split('-')[1] === site
}

/** A number stays with its site: what was stated for one site is withdrawn, not carried to another, whose rules never heard of it. */
async function sameSite(
  { context: { store, county } }: ApiParts,
  { notice, window, site }: { notice?: string | undefined; window?: string | undefined; site: string },
): Promise<void> {
  const known = notice
    ? (await findNotice(store.pool, county, notice))?.notice.site
    : window && (await findWindow(store.pool, county, window))?.window.site
  if (known && known !== site)
    fail(
      'CONFLICT',
      `${notice ?? window} was stated for site ${known}: withdraw it, give another number`,
      'site',
    )
}

function trialShape(alarms: readonly TrialAlarm[]) {
  return alarms.slice(0, TRIAL_LISTED).map(({ subject, at, sentence }) => ({ subject, at, sentence }))
}

async function listRules({ context }: ApiParts) {
  const { store, county, clock, watch } = context
  const now = clock.now()
  const [figures, verdicts, books] = await Promise.all([
    listRuleFigures(store.pool, county, now - RECENT_MS),
    listVerdicts(store.pool, county),
    loadBooks(store.pool, county),
  ])
  const settings = new SettingsBook(watch.rules.map((rule) => [rule.id, rule.settings] as const))
  for (const change of books.settings) settings.take(change)
  return [...watch.rules, RULE_FAILED].map((rule) => {
    const figure = figures.find((row) => row.rule === rule.id)
    const subjects = (verdict: string): number =>
      verdicts.find((row) => row.rule === rule.id && row.verdict === verdict)?.subjects ?? 0
    return {
      rule: rule.id,
      version: rule.version,
      grade: rule.grade,
      title: rule.title,
      clause: rule.clause,
      advice: rule.advice,
      shelvable: rule.shelvable,
      reads: [...rule.reads],
      suppressedBy: [...(rule.suppressedBy ?? [])],
      settings: settingViews(rule, settings.valuesAt(rule.id, '', now)),
      openAlarms: figure?.openAlarms ?? 0,
      alarms30: figure?.recent ?? 0,
      false30: figure?.recentFalse ?? 0,
      verdicts: {
        insufficient: subjects('insufficient'),
        normal: subjects('normal'),
        attention: subjects('attention'),
        alert: subjects('alert'),
      },
    }
  })
}

async function runTrial(
  parts: ApiParts,
  rule: Rule,
  order: { site: string; values: SettingValues; from?: number | undefined; to?: number | undefined },
) {
  const { store, county, clock } = parts.context
  const fault = settingsFault(rule.settings, order.values)
  if (fault) fail('INVALID_REQUEST', fault.detail, `values.${fault.key}`)
  const next = parts.context.nextPosition()
  const from = order.from ?? clock.now() - RECENT_MS
  const to = Math.min(order.to ?? clock.now(), clock.now())
  if (from >= to) fail('INVALID_REQUEST', 'from must lie before to, and before now', 'from')
  const wanted = await positionAt(store.pool, county, from, next)
  const toPosition = await positionAt(store.pool, county, to + 1, next)
  const fromPosition = Math.max(wanted, toPosition - MOST_TRIAL_ENTRIES)
  const { site, values } = order
  const result = await tryRule({ store, county, rule, site, values, from: fromPosition, to: toPosition })
  return {
    fromPosition,
    toPosition,
    from,
    to,
    records: result.records,
    shortened: fromPosition > wanted,
    before: result.before.length,
    after: result.after.length,
    added: trialShape(unmatched(result.after, result.before)),
    removed: trialShape(unmatched(result.before, result.after)),
  }
}

export const ruleHandlers: Handlers<
  | 'rules'
  | 'ruleHistory'
  | 'trySettings'
  | 'changeSettings'
  | 'notices'
  | 'registerNotice'
  | 'windows'
  | 'declareWindow'
> = {
  rules: (_input, parts) => listRules(parts),

  async ruleHistory({ params }, parts) {
    const { store, county } = parts.context
    const rule = ruleOf(parts, params.rule)
    const rows = await listSettingsChanges(store.pool, county, rule.id, HISTORY)
    return rows.map(({ change, ...row }) => ({ ...change, values: { ...change.values }, ...row }))
  },

  async trySettings({ params, body }, parts) {
    const rule = ruleOf(parts, params.rule)
    const { watch } = parts.context
    await siteNamed(parts, body.site)
    if (watch.trying) fail('TOO_MANY_REQUESTS', 'another trial is running')
    watch.trying = true
    try {
      return await runTrial(parts, rule, body)
    } finally {
      watch.trying = false
    }
  },

  async changeSettings({ params, body }, parts) {
    const { watch, clock } = parts.context
    const { site, values, from = clock.now(), reason, actor } = body
    const change = { rule: ruleOf(parts, params.rule).id, site, from, values }
    if (Object.keys(values).length === 0) fail('INVALID_REQUEST', 'it changes nothing', 'values')
    notTooFar(parts, from, 'from')
    await siteNamed(parts, site)
    return unwrap(await watch.change(actor ?? ADMINISTRATOR, change, reason))
  },

  async notices({ query }, { context }) {
    const limit = bounded(query.limit, 1, MAX_LIST, 'limit')
    const { site, from, to } = query
    const rows = await listNotices(context.store.pool, context.county, { site, from, to, limit })
    return rows.map(({ notice, ...row }) => ({ ...notice, ...row }))
  },

  async registerNotice({ body }, parts) {
    const { actor = ADMINISTRATOR, ...notice } = body
    const { document } = await registered(parts, notice.site)
    await sameSite(parts, notice)
    // Of a time before it the newest registration says nothing. Nor is the grade compared: a tank may change it until then.
    if (notice.tank !== undefined && notice.expectedAt >= document.effectiveAt)
      if (!hasPart(document, `tank/${notice.tank}`))
        fail('INVALID_REQUEST', `site ${notice.site} has no such tank`, 'tank')
    notTooFar(parts, notice.expectedAt, 'expectedAt')
    return unwrap(await parts.context.watch.notice(actor, definite(notice)))
  },

  async windows({ query }, { context }) {
    const limit = bounded(query.limit, 1, MAX_LIST, 'limit')
    const rows = await listWindows(context.store.pool, context.county, query.site, limit)
    return rows.map(({ window, ...row }) => ({ ...window, ...row }))
  },

  async declareWindow({ body }, parts) {
    const { actor = ADMINISTRATOR, ...window } = body
    if (window.to <= window.from) fail('INVALID_REQUEST', 'a window ends after it begins', 'to')
    const { document } = await registered(parts, window.site)
    await sameSite(parts, window)
    if (window.to >= document.effectiveAt && !hasPart(document, window.part))
      fail('INVALID_REQUEST', `site ${window.site} has no such part`, 'part')
    notTooFar(parts, window.from, 'from')
    return unwrap(await parts.context.watch.window(actor, definite(window)))
  },
}
