import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callJson } from './tls.ts'

/**
 * A collector of another maker: written from docs/formats/uplink.md with OpenSSL's and mosquitto's own programs and not a
 * line of the product. SM2 and SM3, as the standard asks.
 */
export class Foreigner {
  readonly device: string
  private readonly folder: string
  private readonly channel: 'volume' | 'price'
  private token = ''
  private seq = 0
  private head = Buffer.alloc(32)

  constructor(folder: string, device: string, channel: 'volume' | 'price') {
    this.folder = folder
    this.device = device
    this.channel = channel
    this.openssl('genpkey', '-algorithm', 'SM2', '-out', this.file('key.pem'))
    this.openssl(
      'pkey',
      '-in',
      this.file('key.pem'),
      '-pubout',
      '-outform',
      'DER',
      '-out',
      this.file('pub.der'),
    )
  }

  /** §6: the public keys with their proofs, for the one-time code. */
  static async enrol(base: string, ca: Buffer, code: string, channels: readonly Foreigner[]): Promise<void> {
    const { device } = channels[0]!
    const keys = channels.map((one) => ({
      channel: one.channel,
      algorithm: 'SM2-SM3',
      publicKey: one.publicKey.toString('base64'),
      proof: one.sign(`oiltrail-enrol-v1\n${device}\n${one.channel}\n${code}\n`).toString('base64'),
    }))
    const { token } = await callJson<{ token: string }>(`${base}/api/enrol`, {
      body: { code, device, keys },
      ca,
    })
    for (const one of channels) one.token = token
  }

  /** §1, §2: a batch over records given as JSON without their numbers. */
  batch(records: readonly object[]): Buffer {
    const header = JSON.stringify({
      v: 1,
      county: this.device.slice(0, 6),
      device: this.device,
      channel: this.channel,
      first: this.seq + 1,
      before: this.head.toString('hex'),
      alg: 'SM2-SM3',
      key: createHash('sha256').update(this.publicKey).digest('hex').slice(0, 16),
    })
    const lines = records.map((record) => JSON.stringify({ seq: ++this.seq, ...record }))
    for (const line of lines) this.head = createHash('sm3').update(this.head).update(line).digest()
    const head = this.head.toString('hex')
    const sig = this.sign(`${header}\n${head}`).toString('base64')
    return Buffer.from(
      `${[header, ...lines, JSON.stringify({ count: lines.length, head, sig })].join('\n')}\n`,
    )
  }

  /** §4, §5: publishes at QoS 1 over TLS and waits for the receipt on the topic of its own client id. */
  publish(mqtts: string, caFile: string, payload: Buffer): Promise<Record<string, unknown>> {
    const client = `foreign-${this.channel}`
    const waits = ['-e', `oiltrail/v1/receipt/${client}`, '-W', '20']
    return new Promise((done, failed) => {
      execFile(
        'mosquitto_rr',
        [
          ...mosquittoArguments(mqtts, caFile, client, this.device, this.token),
          ...waits,
          '-m',
          payload.toString(),
        ],
        (error, out) => (error ? failed(error) : done(JSON.parse(out) as Record<string, unknown>)),
      )
    })
  }

  private get publicKey(): Buffer {
    return readFileSync(this.file('pub.der'))
  }

  private sign(text: string): Buffer {
    writeFileSync(this.file('signed'), text)
    const identity = ['-rawin', '-digest', 'sm3', '-pkeyopt', 'distid:1234567812345678']
    const files = ['-inkey', this.file('key.pem'), '-in', this.file('signed'), '-out', this.file('sig')]
    this.openssl('pkeyutl', '-sign', ...files, ...identity)
    return readFileSync(this.file('sig'))
  }

  private file(name: string): string {
    return join(this.folder, `${this.device}.${this.channel}.${name}`)
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}

/** Arguments of every mosquitto client: address, TLS, credentials, batch topic, QoS 1. */
export function mosquittoArguments(
  mqtts: string,
  caFile: string,
  client: string,
  user: string,
  password: string,
): string[] {
  const { hostname, port } = new URL(mqtts)
  const door = ['-h', hostname, '-p', port, '--cafile', caFile, '-V', '311', '-q', '1', '-i', client]
  return [...door, '-u', user, '-P', password, '-t', 'oiltrail/v1/batch']
}

/** Whether mosquitto's programs are on this machine; `npm test` installs them where it may. */
export function haveMosquitto(): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'mosquitto_rr')))
}
