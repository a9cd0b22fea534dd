import { isIPv6 } from 'node:net'

/** An address has at most 45 characters; what a proxy passes on may be anything. */
const LONGEST_SOURCE = 64
/** Groups of an IPv6 address that name a network: a host has all addresses of its /64 at its command (RFC 4291 §2.5.1). */
const NETWORK_GROUPS = 4
/** Source of `::1`, the one address of its network. */
const LOOPBACK_NETWORK = '0:0:0:0::/64'

/** Who asks, as far as an address tells: the address itself in IPv4, its network in IPv6. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const plain = address.split('%', 1)[0]!
  if (!isIPv6(plain)) return address.slice(0, LONGEST_SOURCE)
  const [head = '', tail] = plain.toLowerCase().split('::')
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...new Array<string>(zeros).fill('0'), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ''),
  )
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`
}

/** Whether somebody on this machine asks: its own user, or a proxy whose address nobody named, behind which all the screens of a county stand. */
export function isThisMachine(source: string): boolean {
  return source === '127.0.0.1' || source === LOOPBACK_NETWORK
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}
