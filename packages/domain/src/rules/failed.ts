import type { Ref, WatchEvent } from './event.ts'
import type { Raised, Rule } from './rule.ts'

/** The platform's own alarm: a rule threw. Its subject is the id of that rule. It reads nothing; the engine raises it. */
export const RULE_FAILED: Rule = {
  id: 'rule-failed',
  version: 1,
  grade: 'orange',
  title: { zh: '规则运行出错', en: 'A rule failed' },
  clause: { zh: '平台自检', en: 'Self-check of the platform' },
  advice: {
    zh: '该规则此次未作判断,其他规则不受影响;将错误内容交平台管理员处理。',
    en: 'This rule gave no judgement this time; the others are not affected. Hand the message to the administrator.',
  },
  settings: {},
  reads: [],
  late: 'ignore',
  shelvable: true,
  hiddenByWindow: false,
  subjectsOf: () => [],
  start: () => null,
  step: (state) => ({ state }),
  sentence({ facts }, language) {
    return language === 'zh'
      ? `规则 ${facts.rule} 在处理 ${facts.site || '平台'} 的 ${facts.event} 时出错:${facts.message}`
      : `Rule ${facts.rule} failed on ${facts.event} of ${facts.site || 'the platform'}: ${facts.message}`
  },
}

/** Longest message kept of an error: it may quote data. */
const MESSAGE_CHARACTERS = 200

/** What is raised when a rule (or a measure), given by its id, throws. */
export function failure(rule: string, site: string, event: WatchEvent, error: unknown, ref: Ref): Raised {
  const message = (error instanceof Error ? error.message : String(error))
    .slice(0, MESSAGE_CHARACTERS)
    .replace(/[\p{Cc}\p{Cs}]/gu, ' ')
  return {
    verdict: 'alert',
    facts: { rule, site, event: event.type === 'fact' ? event.fact.kind : event.type, message },
    from: event.at,
    to: event.at,
    evidence: [ref],
    rule: RULE_FAILED.id,
    version: RULE_FAILED.version,
    subject: rule,
    site: '',
    siteName: '',
    settings: {},
  }
}
