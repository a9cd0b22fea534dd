import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'

/** A certificate for 127.0.0.1 that nobody but its maker trusts. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly pem: Buffer
}

/** Makes one with `openssl`, in a folder. */
export function makeCertificate(folder: string): Certificate {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=oiltrail test', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  })
  return { certFile, keyFile, pem: readFileSync(certFile) }
}

/** What is sent besides the address. */
export interface Call {
  readonly body?: unknown
  readonly token?: string
  /** The only authority that is trusted; without it the public ones are. */
  readonly ca?: Buffer | undefined
}

/** GET, or POST of a JSON body; the answer's JSON. Throws with the server's words unless it is 200. */
export function callJson<T>(url: string, call: Call = {}): Promise<T> {
  const { body, token, ca } = call
  const make = url.startsWith('https:') ? httpsRequest : httpRequest
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return new Promise((done, failed) => {
    const method = text === undefined ? 'GET' : 'POST'
    const request = make(url, { method, headers, ...(ca ? { ca } : {}) }, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        answer += part
      })
      response.on('error', failed)
      response.on('end', () =>
        response.statusCode === 200
          ? done(JSON.parse(answer) as T)
          : failed(new Error(`${url}: ${response.statusCode} ${answer}`)),
      )
    })
    request.on('error', failed)
    request.end(text)
  })
}
