import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { PageHead } from '../frame/PageHead.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'

/** For an address that names no page. */
export function NotFoundPage(): ReactNode {
  const words = useWords()
  return (
    <>
      <PageHead title={words.notFound.title} />
      <p>
        <Link to={paths.cockpit()}>{words.notFound.back}</Link>
      </p>
    </>
  )
}
