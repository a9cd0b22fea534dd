import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Administrator } from '../admin.ts'
import { act, CallError } from './client.ts'
import type { ActName, Answer, Body, Params, ReadName } from './endpoints.ts'

/** How an administrator signs, as part of a call's body; nothing when they did not say. */
export function signature({ actor }: Administrator): { actor?: string } {
  return actor ? { actor } : {}
}

/** What became of the last call, and how to make one. */
export interface Acting<N extends ActName> {
  readonly busy: boolean
  readonly error: CallError | undefined
  readonly answer: Answer<N> | undefined
  /** Resolves to the answer, or to undefined when it was refused: then `error` says why. */
  readonly run: (params: Params<N>, body: Body<N>) => Promise<Answer<N> | undefined>
}

/** An administrator's call from a form. Afterwards everything read by `renewed` is read again. */
export function useAct<N extends ActName>(
  name: N,
  administrator: Administrator,
  renewed: readonly ReadName[],
): Acting<N> {
  const client = useQueryClient()
  const [state, setState] = useState<{ busy?: true; error?: CallError; answer?: Answer<N> }>({})
  const run = async (params: Params<N>, body: Body<N>): Promise<Answer<N> | undefined> => {
    setState({ busy: true })
    try {
      const answer = await act(name, params, body, administrator.token)
      setState({ answer })
      for (const key of renewed) void client.invalidateQueries({ queryKey: [key] })
      return answer
    } catch (cause) {
      if (!(cause instanceof CallError)) throw cause
      setState({ error: cause })
      return undefined
    }
  }
  return { busy: state.busy === true, error: state.error, answer: state.answer, run }
}
