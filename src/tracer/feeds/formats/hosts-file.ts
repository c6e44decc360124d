import { areMost, fields, type LineFormat, type LineResult, withoutComments } from './line-format.ts'

const LINE = /^(?:0\.0\.0\.0|127\.0\.0\.1|255\.255\.255\.255|::1?|fe80::1%\w+|ff0[0-9a-f]::\d)\s+(\S.*)$/i
/** The names that a hosts file of any machine has. */
const OWN_NAMES = new Set([
  ...[
    'localhost',
    'localhost.localdomain',
    'local',
    'broadcasthost',
    'localhost6',
    'localhost6.localdomain6',
  ],
  ...['ip6-localhost', 'ip6-loopback', 'ip6-localnet', 'ip6-mcastprefix', 'ip6-allnodes', 'ip6-allrouters'],
  ...['ip6-allhosts', '0.0.0.0'],
])

/** A hosts file: the names that it sends to nowhere. */
export const HOSTS_FILE: LineFormat = {
  name: 'hosts',
  recognizes: (lines) => areMost(withoutComments(lines), (line) => LINE.test(line)),
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('#')) return undefined
      const [names, comment] = splitComment(line)
      const found = LINE.exec(names)
      if (found === null) return { skipped: 'the line sends no name to nowhere', reason: 'other lines' }
      const own = found[1]!
        .trim()
        .split(/\s+/)
        .filter((name) => !OWN_NAMES.has(name.toLowerCase()))
      if (own.length === 0) return undefined
      return {
        record: fields({ value: own.join(' '), comment }),
        own: own.map((value) => ({ value, type: 'domain' as const })),
      }
    },
  }),
}

function splitComment(line: string): [text: string, comment: string | undefined] {
  const at = line.indexOf('#')
  return at < 0 ? [line, undefined] : [line.slice(0, at).trim(), line.slice(at + 1).trim() || undefined]
}
