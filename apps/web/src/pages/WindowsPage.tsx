import type { ReactNode } from 'react'
import { useAdministrator } from '../admin.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { SiteSelect } from '../parts/SiteSelect.tsx'
import { TokenGate } from '../parts/TokenGate.tsx'
import { useWords } from '../settings.tsx'
import { Choice } from '../ui/Choice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { Panel } from '../ui/Panel.tsx'
import { DeclaredPanel } from '../windows/DeclaredPanel.tsx'
import { MOST_WINDOWS, stateOf, WINDOW_STATES, type WindowState } from '../windows/declared.ts'
import { useMoment } from '../windows/useMoment.ts'
import { WindowForm } from '../windows/WindowForm.tsx'
import { WindowTable } from '../windows/WindowTable.tsx'
import { oneOf, useSearch, wholeNumber } from './useSearch.ts'

const PAGE_ROWS = 20

/** Declarations in the chosen state, the one that lasts longest into the future first. */
function ListPanel(props: {
  windows: Answer<'windows'>
  state: WindowState
  page: number
  onPage: (page: number) => void
}): ReactNode {
  const words = useWords()
  const now = useMoment()
  const administrator = useAdministrator()
  const rows = props.windows.filter((row) => props.state === 'all' || stateOf(row, now) === props.state)
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS))
  const page = Math.min(props.page, pages)
  return (
    <Panel title={words.windows.list}>
      <WindowTable
        withSite
        windows={rows.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS)}
        empty={props.windows.length === 0 ? words.windows.empty : words.windows.emptyFiltered}
        administrator={administrator}
      />
      <Pager
        page={page}
        pages={pages}
        label={words.page(page, pages)}
        previousLabel={words.previousPage}
        nextLabel={words.nextPage}
        onPage={props.onPage}
      />
    </Panel>
  )
}

/** Declared windows of work: who declares how much, the form, and the list; site, state and page stand in the address. */
export function WindowsPage(): ReactNode {
  const words = useWords()
  const [search, change] = useSearch()
  const site = /^[A-Z0-9]{1,16}$/.exec(search.get('site') ?? '')?.[0] ?? ''
  const state = oneOf(search.get('state'), WINDOW_STATES)
  const query = useRead(
    'windows',
    {},
    { site: site || undefined, limit: MOST_WINDOWS },
    { refreshMs: 15_000 },
  )
  return (
    <>
      <PageHead title={words.windows.title}>
        <SiteSelect
          label={words.windows.site}
          all={words.windows.allSites}
          value={site}
          onChange={(value) => change({ site: value, page: undefined })}
        />
        <Choice
          label={words.windows.filter}
          value={state}
          options={WINDOW_STATES.map((value) => ({ value, label: words.windows.states[value] }))}
          onChange={(value) => change({ state: value === 'all' ? undefined : value, page: undefined })}
        />
      </PageHead>
      <p className="soft">{words.windows.intro}</p>
      <Loaded query={query} lines={12}>
        {(windows) => (
          <>
            <div className="columns">
              <DeclaredPanel windows={windows} />
              <Panel className="half" title={words.windows.form}>
                <TokenGate reason={words.windows.needToken}>
                  {(administrator) => <WindowForm key={site} site={site} administrator={administrator} />}
                </TokenGate>
              </Panel>
            </div>
            <ListPanel
              windows={windows}
              state={state}
              page={wholeNumber(search.get('page'), 1)}
              onPage={(page) => change({ page: page > 1 ? String(page) : undefined })}
            />
          </>
        )}
      </Loaded>
    </>
  )
}
