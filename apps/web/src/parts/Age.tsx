import type { ReactNode } from 'react'
import { useNow } from '../api/clock.ts'
import { useSettings, useWords } from '../settings.tsx'
import { age, formatMoment } from '../text/format.ts'
import type { Words } from '../text/zh.ts'

/** `3 分钟前` of a span in milliseconds. */
export function ageText(words: Words, milliseconds: number, language: string): string {
  const { count, unit } = age(milliseconds)
  if (unit === 'second' && count < 1) return words.ago.now
  return `${count}${language === 'zh' ? '\u2009' : ''}${words.ago[unit]}`
}

/** How long ago, with the exact moment on hover; a dash when never. */
export function Age({ at }: { at: number | undefined }): ReactNode {
  const now = useNow(5_000)
  const words = useWords()
  const { language } = useSettings()
  if (at === undefined) return <span className="faint">—</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={formatMoment(at)}>
      {ageText(words, now - at, language)}
    </time>
  )
}
