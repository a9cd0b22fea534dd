import { type Handlers, unwrap } from './handler.ts'

/** Who stated it, in desk entries that came with the administrator's token. */
const ADMINISTRATOR = 'administrator'

/** What people state: handed on to the desk, which writes the log. */
export const deskHandlers: Handlers<
  'registerSite' | 'issueEnrolCode' | 'revokeDevice' | 'enrol' | 'announceHistory'
> = {
  registerSite: async ({ body }, { context }) => unwrap(await context.desk.registerSite(ADMINISTRATOR, body)),
  issueEnrolCode: async ({ body }, { context }) => unwrap(await context.desk.issueEnrolCode(body)),
  revokeDevice: async ({ params, body }, { context }) =>
    unwrap(await context.desk.revokeDevice(ADMINISTRATOR, params.device, body.reason)),
  enrol: async ({ body }, { context }) => unwrap(await context.desk.enrol(body)),
  announceHistory: async ({ body }, { live }) => {
    live.announce(body.expectedRecords)
    return { ok: true }
  },
}
