import type { Logger } from 'pino'

/** The same failure is said again this often (real time): a night's log must not be one line a thousand times. */
const REPEAT_MS = 600_000
/** What a stranger's server says of itself may be long. */
const MAX_DETAIL_LENGTH = 200

/** Why a connection failed, in the words of a person who has to mend it. */
export interface FailureWords {
  /** The code of the failure as Node names it, or `ERROR`. */
  readonly code: string
  readonly zh: string
  readonly en: string
}

const AUTHORITY = {
  zh: '平台证书不是由所配置的 CA 签发:核对 ca 指向的文件,或有人冒充平台',
  en: 'the platform’s certificate is not by the configured authority: check the file named by ca, or somebody poses as the platform',
}
const UNREACHED = {
  zh: '地址无应答:检查网络与端口',
  en: 'nobody answers there: check the network and the port',
}
const UNRESOLVED = {
  zh: '主机名无法解析:检查地址与 DNS',
  en: 'the name of the host is not known: check the address and DNS',
}
const NOT_TLS = {
  zh: '对方不讲 TLS:检查端口,或应写 mqtt:// 或 http://',
  en: 'the other side does not speak TLS: check the port, or write mqtt:// or http://',
}
const CREDENTIAL = {
  zh: '平台不认得本采集器的凭证:可能已被注销',
  en: 'the platform does not know this collector’s credential: it may have been revoked',
}

/** By Node's and OpenSSL's codes, and the numbers of an MQTT 3.1.1 CONNACK. */
const WORDS: Readonly<Record<string, { readonly zh: string; readonly en: string }>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  CERT_SIGNATURE_FAILURE: AUTHORITY,
  CERT_HAS_EXPIRED: {
    zh: '平台证书已过期:请更换证书,并核对本机时钟',
    en: 'the platform’s certificate has expired: renew it, and check the clock of this box',
  },
  CERT_NOT_YET_VALID: {
    zh: '平台证书尚未生效:核对本机时钟',
    en: 'the platform’s certificate is not valid yet: check the clock of this box',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    zh: '平台证书不是发给此主机名的:核对地址与证书',
    en: 'the platform’s certificate is for another host: check the address and the certificate',
  },
  EPROTO: NOT_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  ECONNREFUSED: UNREACHED,
  ETIMEDOUT: UNREACHED,
  EHOSTUNREACH: UNREACHED,
  ENETUNREACH: UNREACHED,
  ENOTFOUND: UNRESOLVED,
  EAI_AGAIN: UNRESOLVED,
  4: CREDENTIAL,
  5: CREDENTIAL,
}

/** Explains an error of a socket, of TLS, or of an MQTT broker. Never throws. */
export function explainFailure(error: unknown): FailureWords {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    message?: unknown
  }
  const name = typeof code === 'string' || typeof code === 'number' ? String(code) : 'ERROR'
  const detail = (typeof message === 'string' ? message : String(error)).slice(0, MAX_DETAIL_LENGTH)
  const words = WORDS[name] ?? { zh: '与平台的连接失败', en: 'the connection to the platform failed' }
  return { code: name, zh: `${words.zh} (${detail})`, en: `${words.en} (${detail})` }
}

/** Says in the log why the platform cannot be reached: at once when the reason is new, else now and then. */
export class FailureLog {
  private readonly log: Logger
  private readonly address: string
  private said = ''
  private saidAt = 0

  constructor(log: Logger, address: string) {
    this.log = log
    this.address = address
  }

  /** Notes one failed attempt. */
  failed(error: unknown): void {
    const { code, zh, en } = explainFailure(error)
    const now = performance.now()
    const what = code === 'ERROR' ? en : code
    if (what === this.said && now - this.saidAt < REPEAT_MS) return
    this.said = what
    this.saidAt = now
    this.log.warn({ address: this.address, code, zh, en }, '连不上平台 / the platform cannot be reached')
  }

  /** The connection is there: what fails next is news. */
  succeeded(): void {
    this.said = ''
  }
}
