import { Input, Select } from 'antd'
import { type DragEvent, type ReactNode, useState } from 'react'
import { CallError } from '../api/client.ts'
import { Trouble } from '../parts/Trouble.tsx'
import { useWords } from '../settings.tsx'
import type { Words } from '../text/zh.ts'
import { Choice } from '../ui/Choice.tsx'
import { Panel } from '../ui/Panel.tsx'
import type { Claim } from './claim.ts'
import { ProofSteps } from './ProofSteps.tsx'
import { type ProofResult, proveClaim } from './runProof.ts'

/** A batch is at most this large; a file beyond it is not read at all. */
const FILE_LIMIT = 262_144

type State = { running?: boolean; result?: ProofResult; message?: string; error?: CallError }

/** Takes pasted text or a dropped file, read here and never sent. */
function PasteBox(props: {
  text: string
  onText: (text: string) => void
  onTooLarge: () => void
}): ReactNode {
  const words = useWords()
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    const file = event.dataTransfer.files[0]
    if (!file) return
    if (file.size > FILE_LIMIT) props.onTooLarge()
    else void file.text().then(props.onText)
  }
  return (
    <textarea
      className="verify-drop"
      value={props.text}
      spellCheck={false}
      aria-label={words.verify.paste}
      placeholder={words.verify.placeholder}
      onChange={(event) => props.onText(event.target.value)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
    />
  )
}

/** Which collector and which of its channels. */
function ChannelFields(props: {
  devices: readonly string[]
  device: string
  channel: 'volume' | 'price'
  onDevice: (device: string) => void
  onChannel: (channel: 'volume' | 'price') => void
}): ReactNode {
  const words = useWords()
  return (
    <>
      <Select
        showSearch
        aria-label={words.log.device}
        value={props.device}
        onChange={props.onDevice}
        options={props.devices.map((value) => ({ value, label: value }))}
      />
      <Choice
        label={words.log.channel}
        value={props.channel}
        options={[
          { value: 'volume', label: words.channel.volume },
          { value: 'price', label: words.channel.price },
        ]}
        onChange={props.onChannel}
      />
    </>
  )
}

/** The record's number in its channel. */
function NumberField({ seq, onSeq }: { seq: string; onSeq: (seq: string) => void }): ReactNode {
  const words = useWords()
  return (
    <Input
      style={{ width: 130 }}
      inputMode="numeric"
      aria-label={words.verify.seq}
      placeholder={words.verify.seq}
      value={seq}
      onChange={(event) => onSeq(event.target.value.replace(/[^0-9]/g, ''))}
    />
  )
}

/** What came of it: steps and verdict, or why there is none. */
function Outcome({ state }: { state: State }): ReactNode {
  return (
    <>
      {state.message ? (
        <p className="verdict" data-good="false" role="alert">
          {state.message}
        </p>
      ) : null}
      {state.error ? <Trouble error={state.error} /> : null}
      {state.result ? <ProofSteps result={state.result} /> : null}
    </>
  )
}

/** Reads what was asked, finds it and proves it; whatever goes wrong is an outcome as well. */
async function outcomeOf(
  asked: { device: string; channel: 'volume' | 'price'; seq: number; text?: string },
  words: Words,
): Promise<State> {
  try {
    const claim: Claim | undefined =
      asked.text === undefined
        ? { kind: 'number', device: asked.device, channel: asked.channel, seq: asked.seq }
        : (await import('./claim.ts')).readClaim(asked.text)
    if (!claim) return { message: words.verify.unreadable }
    const result = await proveClaim({
      ...claim,
      device: claim.device || asked.device,
      channel: claim.channel || asked.channel,
    })
    return result ? { result } : { message: words.verify.notFound }
  } catch (error) {
    return error instanceof CallError ? { error } : { message: String(error) }
  }
}

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
    const asked = { device: chosen, channel, seq: Number(seq) }
    setState(await outcomeOf(mode === 'find' ? asked : { ...asked, text }, words))
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
          <PasteBox
            text={text}
            onText={setText}
            onTooLarge={() => setState({ message: words.verify.tooLarge })}
          />
        ) : null}
        <div className="verify-form">
          <ChannelFields
            devices={devices}
            device={chosen}
            channel={channel}
            onDevice={setDevice}
            onChannel={setChannel}
          />
          {mode === 'find' ? <NumberField seq={seq} onSeq={setSeq} /> : null}
          <button type="submit" className="button" data-primary="true" disabled={!ready || state.running}>
            {state.running ? words.verify.running : mode === 'find' ? words.verify.run : words.verify.check}
          </button>
        </div>
        {mode === 'paste' ? <p className="small faint">{words.verify.deviceForRecord}</p> : null}
      </form>
      <Outcome state={state} />
    </Panel>
  )
}
