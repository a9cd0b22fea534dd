import type { zhWithdraw } from './zhWithdraw.ts'

/** Words of withdrawing what was stated by mistake. */
export const enWithdraw: typeof zhWithdraw = {
  withdraw: 'Withdraw',
  end: 'End now',
  withdrawn: 'Withdrawn',
  ended: 'Ended early',
  reason: 'Reason',
  reasonHint: 'Why, as registered twice, or the lorry was cancelled',
  needReason: 'Say why',
  actor: 'Signature',
  needActor: 'Sign: who withdraws answers for it',
  confirm: (label) => `Confirm: ${label.toLowerCase()}`,
  keep: 'Leave it',
  notice:
    'It will cover no delivery any more, and oil that came under it is alarmed as unregistered. To correct a notice, register the right one first and then withdraw this one. The log keeps both statements.',
  coming: 'Alarms will be raised as usual in that time. The log keeps both statements.',
  running:
    'From now on alarms are raised as usual, and those still true come into sight at once. The time until now was judged with the window and stays so.',
}
