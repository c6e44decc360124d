/** The port that a scheme stands for when a URL names none: IANA's, or what the field uses where IANA has none. */
export const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['afp', 548],
  ['amqp', 5672],
  ['amqps', 5671],
  ['cassandra', 9042],
  ['cifs', 445],
  ['coap', 5683],
  ['coaps', 5684],
  ['dns', 53],
  ['finger', 79],
  ['ftp', 21],
  ['ftps', 990],
  ['git', 9418],
  ['git+ssh', 22],
  ['gopher', 70],
  ['http', 80],
  ['https', 443],
  ['imap', 143],
  ['imaps', 993],
  ['ipp', 631],
  ['ipps', 631],
  ['irc', 6667],
  ['ircs', 6697],
  ['ldap', 389],
  ['ldaps', 636],
  ['memcached', 11211],
  ['mms', 1755],
  ['mongodb', 27017],
  ['mqtt', 1883],
  ['mqtts', 8883],
  ['mysql', 3306],
  ['nats', 4222],
  ['nfs', 2049],
  ['nntp', 119],
  ['nntps', 563],
  ['pop', 110],
  ['pop3', 110],
  ['pop3s', 995],
  ['pops', 995],
  ['postgres', 5432],
  ['postgresql', 5432],
  ['prospero', 1525],
  ['rdp', 3389],
  ['redis', 6379],
  ['rediss', 6379],
  ['rsync', 873],
  ['rtmp', 1935],
  ['rtsp', 554],
  ['rtsps', 322],
  ['rtspu', 554],
  ['scp', 22],
  ['sftp', 22],
  ['shttp', 80],
  ['smb', 445],
  ['smtp', 25],
  ['smtps', 465],
  ['snews', 563],
  ['snmp', 161],
  ['socks', 1080],
  ['socks4', 1080],
  ['socks4a', 1080],
  ['socks5', 1080],
  ['socks5h', 1080],
  ['sqlserver', 1433],
  ['ssh', 22],
  ['stomp', 61613],
  ['svn', 3690],
  ['svn+ssh', 22],
  ['syslog', 514],
  ['telnet', 23],
  ['telnets', 992],
  ['tftp', 69],
  ['vnc', 5900],
  ['wais', 210],
  ['winrm', 5985],
  ['ws', 80],
  ['wss', 443],
])

/**
 * Schemes whose URLs name no host: what follows the colon is a path. Any other text with a colon and without `//` is
 * read as host and port, so names that hosts have in practice are left out.
 */
export const SCHEMES_WITHOUT_AUTHORITY: ReadonlySet<string> = new Set([
  'about',
  'bitcoin',
  'blob',
  'callto',
  'cid',
  'data',
  'javascript',
  'magnet',
  'mailto',
  'mid',
  'news',
  'sip',
  'sips',
  'skype',
  'sms',
  'smsto',
  'tel',
  'urn',
  'vbscript',
  'view-source',
  'xmpp',
])

/** Schemes where `scheme:///path` is the usual way to write "this machine": an empty host is no anomaly. */
export const SCHEMES_WITH_OPTIONAL_HOST: ReadonlySet<string> = new Set([
  'dns',
  'file',
  'ldap',
  'ldapi',
  'ldaps',
  'unix',
])

/** Schemes that name no host of their own when a colon and a number follow: nobody calls a host so. */
const NEVER_HOSTS: ReadonlySet<string> = new Set(['file', 'http', 'https'])

/** Schemes without a default port whose URLs are nothing without the name of a host or of a bucket. */
const HOSTED_SCHEMES: ReadonlySet<string> = new Set(['gs', 's3', 's3a', 's3n'])

const PORT_FOLLOWS = /^[0-9]*(?:[/?#]|$)/
const CREDENTIALS_FOLLOW = /^[^/?#]*@/
const SLASH_FOLLOWS = /^[/\\]/
const LETTER_FOLLOWS = /^[A-Za-z]/

/**
 * Is `NAME:` at the start of a text a scheme, though no `//` follows, or is `NAME` a host or a user?
 *
 *   https:/h/x  s3:/b/k  C:\\x  jdbc:mysql://h  spotify:track:x  ssh:x      schemes
 *   redis:6379  host:80/x  host:  ssh:password@host  host.example:x        hosts and users
 *
 * @param name in lower case
 * @param rest what follows the colon
 */
export function isSchemeAlone(name: string, rest: string): boolean {
  if (SCHEMES_WITHOUT_AUTHORITY.has(name) || NEVER_HOSTS.has(name)) return true
  if (SLASH_FOLLOWS.test(rest)) return true
  if (PORT_FOLLOWS.test(rest) || CREDENTIALS_FOLLOW.test(rest)) return false
  return DEFAULT_PORTS.has(name) || (!name.includes('.') && LETTER_FOLLOWS.test(rest))
}

/** Is a URL of this scheme wrong when it has no host at all? */
export function needsHost(scheme: string): boolean {
  if (SCHEMES_WITH_OPTIONAL_HOST.has(scheme)) return false
  return DEFAULT_PORTS.has(scheme) || HOSTED_SCHEMES.has(scheme)
}
