/** Words of withdrawing what was stated by mistake. */
export const zhWithdraw = {
  withdraw: '撤回',
  end: '提前结束',
  withdrawn: '已撤回',
  ended: '已提前结束',
  reason: '理由',
  reasonHint: '为何撤回,如 登记重复、车次取消',
  needReason: '请写明理由',
  actor: '撤回人',
  needActor: '请签名:谁撤回,谁负责',
  confirm: (label: string) => `确认${label}`,
  keep: '不改动',
  notice:
    '撤回后,此登记不再对应任何卸油;已凭此登记卸入的油将按未登记卸油告警。如系更正,请先登记正确的一条,再撤回此条。原登记与撤回都留在存证日志。',
  coming: '撤回后,该时段内照常告警。原申报与撤回都留在存证日志。',
  running: '自此刻起照常告警,仍存在的告警随即重新提示;此前的时段已据以判断,不予撤销。',
}
