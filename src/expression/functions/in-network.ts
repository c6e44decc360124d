import { withoutZone } from '../net/ip.ts'
import { NetworkSet } from '../net/networks.ts'
import { notText } from '../net/text-argument.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { Value } from '../value.ts'
import { ArgumentProblem, type FunctionDefinition } from './definition.ts'

export const inNetwork: FunctionDefinition = {
  name: 'in_network',
  signature: 'ip, *networks',
  group: 'hosts',
  returns: 'boolean',
  pure: true,
  summary: 'Tells whether an IP address belongs to one of several networks.',
  parameters: {
    ip: 'the address, a text',
    networks:
      'constants: networks (`10.0.0.0/8`), addresses, or the names `private`, `public`, `loopback`, `link_local`, `multicast`',
  },
  result: '`true` or `false`; `false` for a text that is no IP address.',
  errors: { TYPE_ERROR: '`ip` is not a string' },
  notes: [
    '`private` is RFC 1918 and `fc00::/7`. `public` is all that the registries of IANA call globally reachable, multicast',
    'excepted: neither private nor loopback, link-local, shared (`100.64.0.0/10`), for documentation or reserved.',
    '',
    'An IPv4-mapped address (`::ffff:10.0.0.1`) belongs also to the networks of the IPv4 address in it. The zone of an IPv6',
    'address (`fe80::1%eth0`) does not count. The networks are worked out when the rules are loaded; a network with bits set',
    'behind its prefix length is refused.',
  ].join('\n'),
  examples: [
    { expression: "in_network(src, '10.0.0.0/8', '192.0.2.7')", event: { src: '10.1.2.3' }, result: true },
    { expression: "in_network(src, 'private')", event: { src: '172.32.0.1' }, result: false },
    { expression: "in_network(src, 'public')", event: { src: '2606:4700::1111' }, result: true },
    { expression: "in_network(src, 'loopback', 'link_local')", event: { src: 'fe80::1%eth0' }, result: true },
    { expression: "in_network(src, 'private')", event: { src: '::ffff:10.0.0.1' }, result: true },
    { expression: "in_network(src, 'private')", event: { src: 'localhost' }, result: false },
    { expression: "in_network(src, 'private')", event: { src: 167772161 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: { networks: 'a network' },
    prepare({ networks }) {
      const texts = (networks as readonly Value[]).map((network, index) => {
        if (typeof network === 'string') return network
        throw new ArgumentProblem('networks', `a network is a string, not ${typeName(network)}`, { index })
      })
      if (texts.length === 0) throw new ArgumentProblem('networks', 'in_network needs a network')
      const set = NetworkSet.make(texts)
      if (!(set instanceof NetworkSet)) {
        const { fault, index } = set
        throw new ArgumentProblem('networks', fault.message, {
          index,
          ...(fault.hint === undefined ? {} : { hint: fault.hint }),
        })
      }
      return (_context, ip: Value) => {
        if (typeof ip !== 'string') throw notText('in_network', 'ip', ip)
        return set.has(withoutZone(ip))
      }
    },
  },
}
