import { refusedBy } from './refused-by.ts'

/** Somebody spoke in the name of a device without its key. */
export const keyWrong = refusedBy({
  id: 'key-wrong',
  codes: {
    BAD_SIGNATURE: { zh: '签名验证失败', en: 'the signature is wrong' },
    UNKNOWN_KEY: { zh: '密钥未登记', en: 'the key is not enrolled' },
  },
  title: { zh: '签名或密钥错误', en: 'Wrong signature or key' },
  clause: { zh: '任务书 C1 防篡改、C5 加密传输', en: 'C1 tamper protection, C5 secured transport' },
  advice: {
    zh: '核查该采集器是否更换或重装而未登记;否则按伪造数据处理,查来源地址并保全。',
    en: 'Was the collector replaced or set up anew without enrolment? If not, treat it as forgery and find where it came from.',
  },
})
