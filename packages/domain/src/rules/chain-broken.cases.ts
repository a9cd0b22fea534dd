import { defineCases } from './cases.ts'
import { chainBroken } from './chain-broken.ts'

export default defineCases(chainBroken, [
  {
    what: 'an altered record breaks the chain; a clone forks it',
    events: `
      14:02 refusal CHAIN_BROKEN
      14:05 refusal CHAIN_FORK`,
    expect: [
      '14:02 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 于 11-23 14:02 有数据被拒收:哈希链断裂,记录缺失或被改动(日志位置 1,累计第 1 次)',
      '14:05 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 于 11-23 14:05 有数据被拒收:同一序号出现两份不同的记录,疑似伪造或克隆采集器(日志位置 2,累计第 2 次)',
    ],
  },
  {
    what: 'sent again after an outage, malformed, or an open gap: no forgery',
    events: `
      14:02 refusal REPLAYED
      14:03 refusal MALFORMED
      14:04 refusal TOO_MANY_GAPS
      14:05 gap-opened 5-9`,
    expect: [],
    nearMiss: true,
  },
])
