import { channelDown } from './channel-down.ts'

/** The price channel alone is silent: prices and board totals are blind while volume still counts. */
export const priceChannelDown = channelDown({
  id: 'price-channel-down',
  channel: 'price',
  title: { zh: '单价通道单独中断', en: 'Price channel alone is down' },
  advice: {
    zh: '网络正常而单价采集中断:核查税控口接线,期间的价格与税控累计须事后核对。',
    en: 'The network is up, the prices are not: inspect the tax-control ports; check prices and tax totals of that time.',
  },
})
