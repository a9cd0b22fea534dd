import { defineCases } from './cases.ts'
import { keyWrong } from './key-wrong.ts'

export default defineCases(keyWrong, [
  {
    what: 'a batch signed by somebody else, in the name of the price channel',
    events: '14:02 refusal BAD_SIGNATURE channel=price',
    expect: [
      '14:02 ▲ channel/520327-S001-A.price 永和加油站 520327-S001-A 单价通道 于 11-23 14:02 有数据被拒收:签名验证失败(日志位置 1,累计第 1 次)',
    ],
    expectEn: [
      '永和加油站, price channel of 520327-S001-A: data refused at 11-23 14:02: the signature is wrong (log position 1, 1 so far)',
    ],
  },
  {
    what: 'a key nobody enrolled',
    events: '14:02 refusal UNKNOWN_KEY',
    expect: [
      '14:02 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 于 11-23 14:02 有数据被拒收:密钥未登记(日志位置 1,累计第 1 次)',
    ],
  },
  {
    what: 'a key is changed as it should be, and a broken chain is another rule',
    events: `
      14:02 key
      14:03 refusal CHAIN_BROKEN`,
    expect: [],
    nearMiss: true,
  },
])
