import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
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

/** A certificate for 127.0.0.1 signed by an authority of our own. */
export interface Authority {
  readonly certFile: string
  readonly keyFile: string
  /** The authority's certificate: the only thing that its clients need. */
  readonly caFile: string
  readonly pem: Buffer
}

/** Makes an authority and a server's certificate under it, in a folder. */
export function makeAuthority(folder: string): Authority {
  const file = (name: string): string => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
  const authority = [
    '-subj',
    '/CN=oiltrail test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ]
  openssl('req', '-x509', ...key, '-days', '2', ...authority)
  openssl('req', ...key, '-subj', '/CN=platform', '-keyout', file('server.key'), '-out', file('server.csr'))
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\n')
  const by = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2']
  const out = ['-extfile', file('names'), '-out', file('server.pem')]
  openssl('x509', '-req', '-in', file('server.csr'), ...by, ...out)
  return {
    certFile: file('server.pem'),
    keyFile: file('server.key'),
    caFile: file('ca.pem'),
    pem: readFileSync(file('ca.pem')),
  }
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
