import type { ReactNode } from 'react'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { useWords } from '../settings.tsx'
import { PlatformsPanel, RefusedPanel } from '../share/SharePanels.tsx'

/** How handing the log on to other platforms goes: which, until when, what waits, what went wrong. */
export function SharePage(): ReactNode {
  const words = useWords()
  const query = useRead('shares', {}, {}, { refreshMs: 5_000 })
  return (
    <>
      <PageHead title={words.share.title} />
      <p className="soft">{words.share.intro}</p>
      <Loaded query={query} lines={8}>
        {(shares) => (
          <>
            <PlatformsPanel shares={shares} />
            {shares.map((share) => (
              <RefusedPanel key={share.target} share={share} />
            ))}
          </>
        )}
      </Loaded>
    </>
  )
}
