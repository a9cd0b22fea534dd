import { refusedBy } from './refused-by.ts'

/** Records were altered, removed or written twice: the hash chain of a channel does not hold. */
export const chainBroken = refusedBy({
  id: 'chain-broken',
  codes: {
    CHAIN_BROKEN: {
      zh: '哈希链断裂,记录缺失或被改动',
      en: 'the hash chain is broken, records are missing or altered',
    },
    CHAIN_FORK: {
      zh: '同一序号出现两份不同的记录,疑似伪造或克隆采集器',
      en: 'two different records claim the same number, forgery or a cloned collector',
    },
  },
  title: { zh: '存证链断裂', en: 'Chain broken' },
  clause: { zh: '任务书 C1 数据不可篡改', en: 'C1 data cannot be altered unnoticed' },
  advice: {
    zh: '保全该采集器与其存储,勿重启;以日志中被拒收的原始字节为证据,核查是否有人改动或克隆。',
    en: 'Secure the collector and its disk, do not restart it; the refused bytes stand in the log as evidence.',
  },
})
