import { useSyncExternalStore } from 'react'

/** What a person hears: two falling tones, twice, calm and unmistakable. Hertz, and seconds from the start. */
const TONES: readonly { readonly hertz: number; readonly at: number }[] = [
  { hertz: 880, at: 0 },
  { hertz: 660, at: 0.22 },
  { hertz: 880, at: 0.7 },
  { hertz: 660, at: 0.92 },
]
const TONE_SECONDS = 0.2
const LOUDNESS = 0.18
/** Many red alarms at once ring once. */
const REST_MS = 4_000

const MUTED_KEY = 'oiltrail.muted'

/** `waiting`: browsers give no sound to a page before the first click or key. */
export type SoundState = 'on' | 'muted' | 'waiting'

let context: AudioContext | undefined
let muted = readMuted()
let rangAt = 0
const listeners = new Set<() => void>()

function readMuted(): boolean {
  try {
    return localStorage.getItem(MUTED_KEY) === 'true'
  } catch {
    return false // Storage is forbidden: the choice lasts as long as the page.
  }
}

function tell(): void {
  for (const listener of listeners) listener()
}

/** Starts the sound system; resolves when it runs. */
async function wake(): Promise<void> {
  context ??= new AudioContext()
  if (context.state === 'suspended') await context.resume()
  tell()
}

/** Makes sound possible with the first gesture of a person. Returns how to stop waiting for it. */
export function awaitGesture(): () => void {
  const once = (): void => {
    void wake()
    stop()
  }
  const stop = (): void => {
    removeEventListener('pointerdown', once)
    removeEventListener('keydown', once)
  }
  addEventListener('pointerdown', once)
  addEventListener('keydown', once)
  return stop
}

/** Rings for a red alarm, unless muted, not yet allowed, or it rang a moment ago. */
export function ring(): void {
  if (muted || context?.state !== 'running' || Date.now() - rangAt < REST_MS) return
  rangAt = Date.now()
  const begin = context.currentTime
  for (const { hertz, at } of TONES) {
    const tone = context.createOscillator()
    const gain = context.createGain()
    tone.frequency.value = hertz
    gain.gain.setValueAtTime(0, begin + at)
    gain.gain.linearRampToValueAtTime(LOUDNESS, begin + at + 0.02)
    gain.gain.linearRampToValueAtTime(0, begin + at + TONE_SECONDS)
    tone.connect(gain).connect(context.destination)
    tone.start(begin + at)
    tone.stop(begin + at + TONE_SECONDS)
  }
}

/** Mutes or unmutes; unmuting rings once, so that one knows how it sounds. */
export function setMuted(next: boolean): void {
  muted = next
  try {
    localStorage.setItem(MUTED_KEY, String(next))
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
  if (!next) {
    rangAt = 0
    void wake().then(ring)
  }
  tell()
}

function state(): SoundState {
  if (muted) return 'muted'
  return context?.state === 'running' ? 'on' : 'waiting'
}

/** Whether red alarms are heard. */
export function useSoundState(): SoundState {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, state)
}
