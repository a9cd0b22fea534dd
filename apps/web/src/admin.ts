import { useSyncExternalStore } from 'react'

/** An administrator's token as typed in; the tab forgets it when it closes, and it is sent with administrators' calls only. */
const TOKEN_KEY = 'oiltrail.admin'
const ACTOR_KEY = 'oiltrail.actor'
/** What a token can look like; nothing else may reach a header. */
const TOKEN_PATTERN = /^[A-Za-z0-9_-]{16,128}$/

export interface Administrator {
  readonly token: string
  /** How they sign; empty when they did not say. */
  readonly actor: string
}

function stored(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? ''
  } catch {
    return '' // Storage is forbidden: the token lasts as long as the page.
  }
}

function keep(key: string, value: string): void {
  try {
    if (value === '') sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, value)
  } catch {
    // Storage is forbidden: nothing to do.
  }
}

function known(): Administrator | undefined {
  const token = stored(TOKEN_KEY)
  return isToken(token) ? { token, actor: stored(ACTOR_KEY) } : undefined
}

let administrator: Administrator | undefined = known()
const listeners = new Set<() => void>()

/** Whether a text can be a token at all. */
export function isToken(text: string): boolean {
  return TOKEN_PATTERN.test(text)
}

/** Begins or ends administering in this tab. */
export function setAdministrator(next: Administrator | undefined): void {
  administrator = next
  keep(TOKEN_KEY, next?.token ?? '')
  keep(ACTOR_KEY, next?.actor ?? '')
  for (const listener of listeners) listener()
}

/** Who administers in this tab; undefined for a reader. */
export function useAdministrator(): Administrator | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => administrator,
  )
}
