import { LRUCache } from 'lru-cache'
import { detach } from '../detach.ts'
import { notText } from '../net/text-argument.ts'
import { type Agent, AgentTables } from '../user-agent/identify.ts'
import type { JsonObject, Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

/** So much of a user agent is looked at. Real ones are shorter, and the patterns take time with the square of it. */
const MAX_PARSED_LENGTH = 500

/** The number of user agents that are remembered: 4 MB at most. */
const MAX_REMEMBERED = 4096

/** Units of work for a user agent that is not remembered. */
const IDENTIFY = 100_000

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64;rv:60.0) Gecko/20100101 Firefox/60.0'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1'

export const normalizeHttpUserAgent: FunctionDefinition = {
  name: 'normalize_http_user_agent',
  signature: 's',
  group: 'normal forms',
  returns: 'object',
  pure: true,
  summary: 'Takes a `User-Agent` header apart: browser, operating system, device.',
  parameters: { s: 'the header as it was sent' },
  result:
    'An object of `full` (the text), `name` (the browser), `os` (family and version), `device`, `major`, `minor` and `patch` (integers or null), and `version` (the whole version, or null). What is not known is `"Other"`.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: `Names, versions and systems are told by the tables of uap-core, which Python's ua-parser uses: \`Chrome Mobile\`,
\`Mobile Safari\`, \`Mac OS X\`; crawlers and libraries that it has not by those of crawler-user-agents; a few tools by a list of
our own (\`sqlmap\`, \`Nikto\`, \`PowerShell\`, \`git-lfs\`). A name is always one that a table has, and never what a sender calls itself: a
crawler that no table knows is \`Other\`, and its device is \`Spider\`. Devices are told by ua-parser-js: a model with its vendor
(\`Samsung SM-S918B\`, \`iPhone\`), \`Mac\`, \`Other\` for a computer.

Where a log has \`+\` (IIS) or \`%20\` (CloudFront) for blanks, blanks are read; \`full\` stays as it is.

Only the first ${MAX_PARSED_LENGTH} characters are looked at; \`full\` is always whole. The last ${MAX_REMEMBERED} user agents are remembered.`,
  examples: [
    {
      expression: 'normalize_http_user_agent(cs_user_agent)',
      event: { cs_user_agent: FIREFOX },
      result: {
        full: FIREFOX,
        name: 'Firefox',
        os: 'Linux',
        device: 'Other',
        major: 60,
        minor: 0,
        patch: null,
        version: '60.0',
      },
    },
    {
      expression: 'normalize_http_user_agent(ua)',
      event: { ua: SAFARI },
      result: {
        full: SAFARI,
        name: 'Mobile Safari',
        os: 'iOS 17.1.2',
        device: 'iPhone',
        major: 17,
        minor: 1,
        patch: null,
        version: '17.1',
      },
    },
    {
      expression: "normalize_http_user_agent('curl/7.88.1')",
      result: {
        full: 'curl/7.88.1',
        name: 'curl',
        os: 'Other',
        device: 'Other',
        major: 7,
        minor: 88,
        patch: 1,
        version: '7.88.1',
      },
    },
    {
      expression: "normalize_http_user_agent('-')",
      result: {
        full: '-',
        name: 'Other',
        os: 'Other',
        device: 'Other',
        major: null,
        minor: null,
        patch: null,
        version: null,
      },
    },
    { expression: 'normalize_http_user_agent(ua)', event: { ua: null }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared, though nothing is constant: the user agents that were seen are remembered between events. */
function prepare(): (context: EventContext, s: Value) => JsonObject {
  let agents: LRUCache<string, Agent> | undefined
  let tables: AgentTables | undefined
  return ({ meter }, s) => {
    if (typeof s !== 'string') throw notText('normalize_http_user_agent', 's', s)
    const key = s.length > MAX_PARSED_LENGTH ? s.slice(0, MAX_PARSED_LENGTH) : s
    agents ??= new LRUCache<string, Agent>({ max: MAX_REMEMBERED })
    let agent = agents.get(key)
    if (agent === undefined) {
      meter.touch(IDENTIFY)
      const text = detach(key)
      tables ??= new AgentTables()
      agent = tables.identify(text)
      agents.set(text, agent)
    }
    const { name, os, device, major, minor, patch, version } = agent
    return { full: s, name, os, device, major, minor, patch, version }
  }
}
