import { Input, Select } from 'antd'
import { type DragEvent, type ReactNode, useState } from 'react'
import { CallError } from '../api/client.ts'
import { Trouble } from '../parts/Trouble.tsx'
import { useWords } from '../settings.tsx'
import { Choice } from '../ui/Choice.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ProofSteps } from './ProofSteps.tsx'
import { type ProofResult, proveClaim } from './runProof.ts'

/** A batch is at most this large; a file beyond it is not read at all. */
const FILE_LIMIT = 262_144

type State = { running?: boolean; result?: ProofResult; message?: string; error?: CallError }

/** A box that takes a record's number, its text, or a batch file, and proves it in the browser. */
export function VerifyPanel({ devices }: { devices: readonly string[] }): ReactNode {
  const words = useWords()
  const [mode, setMode] = useState<'find' | 'paste'>('find')
  const [device, setDevice] = useState('')
  const [channel, setChannel] = useState<'volume' | 'price'>('volume')
  const [seq, setSeq] = useState('')
  const [text, setText] = useState('')
  const [state, setState] = useState<State>({})
  const chosen = device || devices[0] || ''

  const run = async (): Promise<void> => {
    setState({ running: true })
    try {
      const claim =
        mode === 'find'
          ? ({ kind: 'number', device: chosen, channel, seq: Number(seq) } as const)
          : (await import('./claim.ts')).readClaim(text)
      if (!claim) {
        setState({ message: words.verify.unreadable })
        return
      }
      const result = await proveClaim({
        ...claim,
        device: claim.device || chosen,
        channel: claim.channel || channel,
      })
      setState(result ? { result } : { message: words.verify.notFound })
    } catch (error) {
      setState(error instanceof CallError ? { error } : { message: String(error) })
    }
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    const file = event.dataTransfer.files[0]
    if (!file) return
    if (file.size > FILE_LIMIT) setState({ message: words.verify.tooLarge })
    else void file.text().then(setText)
  }
  const ready =
    mode === 'find'
      ? chosen !== '' && /^[1-9][0-9]{0,14}$/.test(seq)
      : text.trim() !== '' && text.length <= FILE_LIMIT
  return (
    <Panel title={words.verify.title} className="half" extra={words.verify.intro}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) void run()
        }}
      >
        <Choice
          label={words.verify.title}
          value={mode}
          options={[
            { value: 'find', label: words.verify.find },
            { value: 'paste', label: words.verify.paste },
          ]}
          onChange={setMode}
        />
        {mode === 'paste' ? (
          <textarea
            className="verify-drop"
            style={{ marginTop: 8 }}
            value={text}
            spellCheck={false}
            aria-label={words.verify.paste}
            placeholder={words.verify.placeholder}
            onChange={(event) => setText(event.target.value)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={drop}
          />
        ) : null}
        <div className="verify-form">
          <Select
            showSearch
            aria-label={words.log.device}
            value={chosen}
            onChange={setDevice}
            options={devices.map((value) => ({ value, label: value }))}
          />
          <Choice
            label={words.log.channel}
            value={channel}
            options={[
              { value: 'volume', label: words.channel.volume },
              { value: 'price', label: words.channel.price },
            ]}
            onChange={setChannel}
          />
          {mode === 'find' ? (
            <Input
              style={{ width: 130 }}
              inputMode="numeric"
              aria-label={words.verify.seq}
              placeholder={words.verify.seq}
              value={seq}
              onChange={(event) => setSeq(event.target.value.replace(/[^0-9]/g, ''))}
            />
          ) : null}
          <button type="submit" className="button" data-primary="true" disabled={!ready || state.running}>
            {state.running ? words.verify.running : mode === 'find' ? words.verify.run : words.verify.check}
          </button>
        </div>
        {mode === 'paste' ? <p className="small faint">{words.verify.deviceForRecord}</p> : null}
      </form>
      {state.message ? (
        <p className="verdict" data-good="false" role="alert">
          {state.message}
        </p>
      ) : null}
      {state.error ? <Trouble error={state.error} /> : null}
      {state.result ? <ProofSteps result={state.result} /> : null}
    </Panel>
  )
}
