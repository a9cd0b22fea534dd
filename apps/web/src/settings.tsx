import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { en } from './text/en.ts'
import { type Words, zh } from './text/zh.ts'

export type Language = 'zh' | 'en'

/** What a person chose for this browser; kept in localStorage. */
export interface Settings {
  readonly language: Language
  /** 关怀: large type, large controls, no motion, one column. */
  readonly large: boolean
  setLanguage(language: Language): void
  setLarge(large: boolean): void
}

const LANGUAGE_KEY = 'oiltrail.language'
const LARGE_KEY = 'oiltrail.large'

const SettingsContext = createContext<Settings | undefined>(undefined)

/** Private windows may forbid storage; the choice then lasts as long as the page. */
function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage is forbidden: nothing to do.
  }
}

/** `?lang=` wins over the stored choice; Chinese is the default. */
export function initialLanguage(search: string, remembered: string | undefined): Language {
  const asked = new URLSearchParams(search).get('lang')
  if (asked === 'zh' || asked === 'en') return asked
  return remembered === 'en' ? 'en' : 'zh'
}

/** Gives the settings to everything beneath and puts them on the document. */
export function SettingsProvider({ children }: { children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState(() => initialLanguage(location.search, stored(LANGUAGE_KEY)))
  const [large, setLarge] = useState(() => stored(LARGE_KEY) === 'true')
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    document.documentElement.dataset.large = String(large)
    keep(LANGUAGE_KEY, language)
    keep(LARGE_KEY, String(large))
  }, [language, large])
  const settings = useMemo(() => ({ language, large, setLanguage, setLarge }), [language, large])
  return <SettingsContext value={settings}>{children}</SettingsContext>
}

/** The settings in force. */
export function useSettings(): Settings {
  const settings = useContext(SettingsContext)
  if (!settings) throw new Error('useSettings outside of SettingsProvider')
  return settings
}

/** All words of the chosen language. */
export function useWords(): Words {
  return useSettings().language === 'zh' ? zh : en
}
