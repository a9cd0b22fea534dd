import { channelDown } from './channel-down.ts'

/** The volume channel alone is silent: sales may go uncounted while prices still come. */
export const volumeChannelDown = channelDown({
  id: 'volume-channel-down',
  channel: 'volume',
  title: { zh: '油量通道单独中断', en: 'Volume channel alone is down' },
  advice: {
    zh: '网络正常而油量采集中断:核查脉冲模块与采集箱,恢复后核对总累与逐笔是否一致。',
    en: 'The network is up, the counting is not: inspect pulse module and box; then compare totalizers with sales.',
  },
})
