import { Input } from 'antd'
import { type ReactNode, useState } from 'react'
import { type Administrator, isToken, setAdministrator, useAdministrator } from '../admin.ts'
import { useWords } from '../settings.tsx'

/** Asks for a token and a name. */
function TokenForm({ onDone }: { onDone: () => void }): ReactNode {
  const words = useWords()
  const [token, setToken] = useState('')
  const [actor, setActor] = useState('')
  const ready = isToken(token.trim())
  return (
    <form
      className="token-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!ready) return
        setAdministrator({ token: token.trim(), actor: actor.trim() })
        onDone()
      }}
    >
      <Input.Password
        autoFocus
        autoComplete="off"
        maxLength={128}
        aria-label={words.alarm.token}
        placeholder={words.alarm.token}
        value={token}
        onChange={(event) => setToken(event.target.value)}
      />
      <Input
        maxLength={80}
        aria-label={words.alarm.actor}
        placeholder={words.alarm.actorHint}
        value={actor}
        onChange={(event) => setActor(event.target.value)}
      />
      <button type="submit" className="button" data-primary="true" disabled={!ready}>
        {words.alarm.useToken}
      </button>
      <button type="button" className="button" onClick={onDone}>
        {words.alarm.cancel}
      </button>
      <span className="small faint">{words.alarm.tokenHint}</span>
    </form>
  )
}

interface TokenGateProps {
  /** Why a token is needed, for those who have none. */
  readonly reason: string
  readonly children: (administrator: Administrator) => ReactNode
}

/** Shows its contents to an administrator; others read why not and may give their token. */
export function TokenGate({ reason, children }: TokenGateProps): ReactNode {
  const words = useWords()
  const administrator = useAdministrator()
  const [asking, setAsking] = useState(false)
  if (administrator)
    return (
      <>
        {children(administrator)}
        <p className="token-who small faint">
          {words.alarm.asAdministrator}
          {administrator.actor ? ` · ${administrator.actor}` : ''}{' '}
          <button type="button" className="link-button" onClick={() => setAdministrator(undefined)}>
            {words.alarm.dropToken}
          </button>
        </p>
      </>
    )
  if (asking) return <TokenForm onDone={() => setAsking(false)} />
  return (
    <p className="soft">
      {reason}{' '}
      <button type="button" className="link-button" onClick={() => setAsking(true)}>
        {words.alarm.giveToken}
      </button>
    </p>
  )
}
