import { LONGEST_NOTE } from '@oiltrail/domain'
import { Input } from 'antd'
import { type ReactNode, useId, useRef, useState } from 'react'
import type { Administrator } from '../admin.ts'
import type { ActName, Body, Params, ReadName } from '../api/endpoints.ts'
import { useAct } from '../api/useAct.ts'
import { Trouble } from '../parts/Trouble.tsx'
import { useWords } from '../settings.tsx'
import { Field } from '../ui/Field.tsx'
import './withdraw.css'

/** What the platform takes as a signature. */
const LONGEST_ACTOR = 80

/** The calls that take a statement back: all of one body. */
type WithdrawName = Extract<ActName, 'withdrawNotice' | 'withdrawWindow'>

interface WithdrawProps<N extends WithdrawName> {
  readonly call: N
  readonly params: Params<N>
  readonly administrator: Administrator
  /** What is read again afterwards. */
  readonly renewed: readonly ReadName[]
  /** What the button says, and the dialog in its title and on the button that does it. */
  readonly label: string
  /** Which statement it is, as its row says it. */
  readonly what: ReactNode
  /** What follows from it. */
  readonly consequence: string
}

/** Asks why and who; nothing is sent before both are said. */
function WithdrawForm<N extends WithdrawName>(
  props: WithdrawProps<N> & { readonly titleId: string; readonly onClose: () => void },
): ReactNode {
  const words = useWords()
  const { call, params, administrator, renewed, label, onClose } = props
  const [reason, setReason] = useState('')
  const [actor, setActor] = useState(administrator.actor)
  const [sent, setSent] = useState(false)
  const { busy, error, run } = useAct(call, administrator, renewed)
  const faultOf = (text: string, says: string): string | undefined =>
    sent && text.trim() === '' ? says : undefined
  const submit = async (): Promise<void> => {
    setSent(true)
    if (busy || reason.trim() === '' || actor.trim() === '') return
    const body = { reason: reason.trim(), actor: actor.trim() } as Body<N>
    if (await run(params, body)) onClose()
  }
  return (
    <>
      <h2 id={props.titleId}>{label}</h2>
      <p>{props.what}</p>
      <p className="small soft">{props.consequence}</p>
      <form
        className="fields"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <Field label={words.withdraw.reason} fault={faultOf(reason, words.withdraw.needReason)} wide>
          {(binding) => (
            <Input
              {...binding}
              autoFocus
              maxLength={LONGEST_NOTE}
              placeholder={words.withdraw.reasonHint}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <Field label={words.withdraw.actor} fault={faultOf(actor, words.withdraw.needActor)} wide>
          {(binding) => (
            <Input
              {...binding}
              maxLength={LONGEST_ACTOR}
              value={actor}
              onChange={(event) => setActor(event.target.value)}
            />
          )}
        </Field>
        <p className="fields-foot">
          <button type="submit" className="button" data-primary="true" disabled={busy}>
            {words.withdraw.confirm(label)}
          </button>{' '}
          <button type="button" className="button" onClick={onClose}>
            {words.withdraw.keep}
          </button>
        </p>
        {error ? <Trouble error={error} /> : null}
      </form>
    </>
  )
}

/** Takes a statement back: a button, and a dialog that says what follows, asks why and who, and only then does it. */
export function WithdrawButton<N extends WithdrawName>(props: WithdrawProps<N>): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className="button button-small"
        onClick={() => {
          setOpen(true)
          dialog.current?.showModal()
        }}
      >
        {props.label}
      </button>
      <dialog
        ref={dialog}
        className="withdraw-dialog"
        aria-labelledby={titleId}
        onClose={() => setOpen(false)}
      >
        {open ? <WithdrawForm {...props} titleId={titleId} onClose={() => dialog.current?.close()} /> : null}
      </dialog>
    </>
  )
}
