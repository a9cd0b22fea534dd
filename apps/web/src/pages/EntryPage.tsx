import { fromBase64, toHex, utf8Text } from '@oiltrail/kernel'
import { type ReactNode, useMemo, useState } from 'react'
import { Link, useParams } from 'react-router'
import { CallError } from '../api/client.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { meaningOf, sequenceText } from '../log/EntryTable.tsx'
import '../log/log.css'
import { ProofSteps } from '../log/ProofSteps.tsx'
import { type ProofResult, proveEntry } from '../log/runProof.ts'
import { Loaded } from '../parts/Loaded.tsx'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatBytes, formatMoment, formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'

type Entry = Answer<'entry'>

/** A batch may have a thousand lines; this many are shown, all can be downloaded. */
const LINES_SHOWN = 200

function Facts({ entry }: { entry: Entry }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const meaning = meaningOf(entry, words, language)
  const facts: readonly [string, ReactNode][] = [
    [words.log.type, words.entryType[entry.type]],
    [words.log.received, formatMoment(entry.receivedAt)],
    [words.log.device, entry.device ?? '—'],
    [words.log.channel, entry.channel ? words.channel[entry.channel] : '—'],
    [words.log.sequence, sequenceText(entry)],
    [words.log.bytes, formatBytes(entry.bytes)],
    ...(entry.code ? ([[words.log.code, `${entry.code} · ${meaning}`]] satisfies [string, ReactNode][]) : []),
  ]
  return (
    <Panel>
      <dl className="facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="small faint">{words.log.hash}</p>
      <p className="mono hash">{entry.rawHash}</p>
      {entry.refusedRecords.map((record) => (
        <p key={record.seq} className="line-bad">
          ▲ {formatNumber(record.seq)} {record.code} {record.detail}
        </p>
      ))}
    </Panel>
  )
}

function Raw({ entry }: { entry: Entry }): ReactNode {
  const words = useWords()
  const { text, bytes, cut } = useMemo(() => {
    const raw = fromBase64(entry.raw) ?? new Uint8Array(0)
    const readable = utf8Text(raw)
    const lines = (readable ?? toHex(raw).replace(/(.{64})/g, '$1\n')).split('\n')
    return {
      bytes: raw,
      text: lines.slice(0, LINES_SHOWN).join('\n'),
      cut: lines.length > LINES_SHOWN,
      readable,
    }
  }, [entry.raw])
  const save = (): void => {
    const address = URL.createObjectURL(
      new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' }),
    )
    const link = document.createElement('a')
    link.href = address
    link.download = `oiltrail-entry-${entry.position}.txt`
    link.click()
    URL.revokeObjectURL(address)
  }
  return (
    <Panel
      title={words.log.raw}
      extra={
        <button type="button" className="button" onClick={save}>
          {words.log.download}
        </button>
      }
    >
      <pre className="mono raw">{text}</pre>
      {cut ? <p className="small faint">{words.log.truncated(String(LINES_SHOWN))}</p> : null}
      <p className="small faint log-files">{words.log.leaf}</p>
      <p className="mono hash">{utf8Text(fromBase64(entry.leaf) ?? new Uint8Array(0))}</p>
    </Panel>
  )
}

function Proof({ position }: { position: number }): ReactNode {
  const words = useWords()
  const [result, setResult] = useState<ProofResult>()
  const [error, setError] = useState<CallError>()
  const [running, setRunning] = useState(false)
  const run = (): void => {
    setRunning(true)
    setError(undefined)
    proveEntry(position, undefined)
      .then(setResult)
      .catch((cause: unknown) => {
        if (cause instanceof CallError) setError(cause)
        else throw cause
      })
      .finally(() => setRunning(false))
  }
  return (
    <Panel title={words.log.verifyThis} extra={words.verify.intro}>
      <button type="button" className="button" data-primary="true" disabled={running} onClick={run}>
        {running ? words.verify.running : words.verify.check}
      </button>
      {error ? <Trouble error={error} /> : null}
      {result ? <ProofSteps result={result} /> : null}
    </Panel>
  )
}

/** One entry of the log: what it is, its bytes, its leaf, and its proof on request. */
export function EntryPage(): ReactNode {
  const words = useWords()
  const text = useParams().position ?? ''
  const position = /^[0-9]{1,15}$/.test(text) ? Number(text) : -1
  const entry = useRead('entry', { position }, {}, { refreshMs: false })
  return (
    <>
      <PageHead
        title={words.log.entry(position >= 0 ? formatNumber(position) : text)}
        crumb={<Link to={paths.log()}>{words.log.title}</Link>}
      />
      <Loaded query={entry} lines={12}>
        {(data) => (
          <>
            <Facts entry={data} />
            <Proof key={position} position={position} />
            <Raw entry={data} />
          </>
        )}
      </Loaded>
    </>
  )
}
