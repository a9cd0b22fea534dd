import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { CallError } from '../api/client.ts'
import { useWords } from '../settings.tsx'
import { Waiting } from '../ui/Waiting.tsx'
import { Trouble } from './Trouble.tsx'

interface LoadedProps<T> {
  readonly query: UseQueryResult<T, CallError>
  readonly lines?: number
  readonly children: (data: T) => ReactNode
}

/** Shows what was read; grey lines until it is there; the problem when it cannot be read and nothing older is known. */
export function Loaded<T>({ query, lines, children }: LoadedProps<T>): ReactNode {
  const words = useWords()
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Trouble error={query.error} onRetry={() => void query.refetch()} />
  return <Waiting label={words.problem.loading} {...(lines ? { lines } : {})} />
}
