import type { Stated, Withdrawal } from '@oiltrail/domain'
import { findNotice, findWindow } from '@oiltrail/store'
import { type ApiParts, fail, type Handlers, unwrap } from './handler.ts'

const ADMINISTRATOR = 'administrator'

/** What stands on record under a name, and whose it is. */
async function statedAs(
  { context: { store, county } }: ApiParts,
  of: Withdrawal['of'],
  name: string,
): Promise<{ stated: Stated; site: string }> {
  const missing = (): never => fail('NOT_FOUND', `there is no ${of} ${name}`, of)
  if (of === 'notice') {
    const { notice, withdrawn } = (await findNotice(store.pool, county, name)) ?? missing()
    return { stated: { of, notice, withdrawn: withdrawn !== undefined }, site: notice.site }
  }
  const { window, withdrawn } = (await findWindow(store.pool, county, name)) ?? missing()
  return { stated: { of, window, withdrawn: withdrawn !== undefined }, site: window.site }
}

/** One at a time under a name: who comes second is told that it was withdrawn, and by then it is. */
function withdraw(
  parts: ApiParts,
  of: Withdrawal['of'],
  name: string,
  { reason, actor = ADMINISTRATOR }: { reason: string; actor?: string | undefined },
): Promise<{ position: number }> {
  return parts.withdrawalTurns.take(`${of} ${name}`, async () => {
    const { stated, site } = await statedAs(parts, of, name)
    const order = { withdrawal: { of, name, site }, reason, actor }
    return unwrap(await parts.context.watch.withdraw(stated, order))
  })
}

/** What people take back. */
export const withdrawalHandlers: Handlers<'withdrawNotice' | 'withdrawWindow'> = {
  withdrawNotice: ({ params, body }, parts) => withdraw(parts, 'notice', params.notice, body),
  withdrawWindow: ({ params, body }, parts) => withdraw(parts, 'window', params.window, body),
}
