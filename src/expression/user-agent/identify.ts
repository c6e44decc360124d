/**
 * A user agent is told by tables that others keep, each for what it is good at:
 *
 *   name, version  uap-core, then the tools it has not (tools.ts), then the crawlers and libraries of
 *                  crawler-user-agents
 *   system         uap-core, then ua-parser-js
 *   Spider         uap-core and crawler-user-agents
 *   device         ua-parser-js, which knows vendors
 *
 * A name is one that a table has: a pattern for anything that ends in `bot` finds a crawler, but what the sender calls
 * it is no name.
 */
import { deviceOf, otherSystemOf } from './devices.ts'
import { readable } from './readable.ts'
import { type AgentMatch, type AgentRule, keysOf, RuleTable } from './rule-table.ts'
import * as tables from './tables.ts'
import { findTool } from './tools.ts'

/** The properties of a client, as its user agent tells them. */
export interface Agent {
  readonly name: string
  /** Family and version: `Windows 10`, `Linux`. */
  readonly os: string
  readonly device: string
  readonly major: number | null
  readonly minor: number | null
  readonly patch: number | null
  /** The whole version, `120.0.6099.43`. */
  readonly version: string | null
}

/** The word for anything that is not known, that of uap-core, which rules and dashboards look for. */
export const OTHER = 'Other'

export const SPIDER = 'Spider'

/** Browsers that the released tables of uap-core do not have. */
const NEWER_BROWSERS: readonly AgentRule[] = [
  {
    pattern: 'NAVER\\(.{0,60}; (\\d+)\\.(\\d+)(?:\\.(\\d+)|)',
    keys: 'er(',
    name: 'Naver',
    versions: ['$1', '$2', '$3'],
  },
  {
    pattern: '\\bOPX/(\\d+)\\.(\\d+)(?:\\.(\\d+)|)',
    keys: 'opx',
    name: 'Opera GX',
    versions: ['$1', '$2', '$3'],
  },
  {
    pattern: '\\bOPT/(\\d+)\\.(\\d+)(?:\\.(\\d+)|)',
    keys: 'opt',
    name: 'Opera Touch',
    versions: ['$1', '$2', '$3'],
  },
]

/** Libraries of Apple's on a Mac, which uap-core takes for a phone. */
const DARWIN_ON_MAC = /\bDarwin\/[\d.]{1,20} \((?:x86_64|i386)\)/
const WINDOWS_32 = /(?<![a-z])(?:pc-)?win32(?![a-z\d])|mingw/i
const BOTO = /\bboto(?:3|core)?(?=[/#])/gi
const MORE_OF_VERSION = /^(?:\.\d{1,10}){1,4}(?![\w.])/
const VERSION_BEHIND = /^[/ -]?v?(\d{1,10}(?:\.\d{1,10}){0,3})/

/** Tells agents by the tables. Making one takes some milliseconds; patterns are compiled when they are needed first. */
export class AgentTables {
  readonly #browsers: RuleTable
  readonly #systems: RuleTable
  readonly #spiders: RuleTable
  readonly #crawlers: RuleTable
  readonly #libraries: RuleTable

  constructor() {
    const names = new Map<string, string>()
    for (const name of tables.names()) {
      if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
    }
    this.#browsers = new RuleTable([...NEWER_BROWSERS, ...tables.browsers()], names)
    this.#systems = new RuleTable(tables.systems(), names)
    this.#spiders = new RuleTable(tables.spiders(), names)
    this.#crawlers = new RuleTable(tables.crawlers(), names)
    this.#libraries = new RuleTable(tables.libraries(), names)
  }

  /** @param agent of bounded length: the patterns take time with its square */
  identify(agent: string): Agent {
    const text = readable(agent)
    const keys = keysOf(text)
    const hardware = deviceOf(text)
    const os = this.#systemOf(text, keys)
    let isSpider = this.#isSpider(text, keys, hardware)
    // A crawler without a known name is none of the browsers that it may name beside itself.
    const browser = this.#browsers.find(text, keys, !isSpider)
    let name = browser?.name
    let version = browser === undefined ? '' : versionOf(text, browser)
    if (name === undefined || isConsoleMail(name, os)) {
      const tool = findTool(text)
      const crawler = tool === undefined ? this.#crawlers.find(text, keys, false) : undefined
      if (crawler !== undefined) isSpider = true
      const library = crawler === undefined ? this.#libraries.find(text, keys, false) : undefined
      const product = crawler ?? library
      name = tool?.name ?? product?.name
      version = tool?.version ?? ''
      if (tool === undefined && name !== undefined) version = versionBehind(text, product!.end)
    }
    const [major, minor, patch] = version.split('.')
    return {
      name: name ?? OTHER,
      os,
      device: isSpider ? SPIDER : (hardware ?? OTHER),
      major: toInteger(major),
      minor: toInteger(minor),
      patch: toInteger(patch),
      version: version === '' ? null : version,
    }
  }

  /** The last pattern finds words like `bot` in the names of devices (`CUBOT`), which stand before it in uap-core, and in that of AWS's library. */
  #isSpider(text: string, keys: ReadonlySet<number>, device: string | undefined): boolean {
    const spider = this.#spiders.find(text, keys, false)
    if (spider === undefined) return false
    if (!spider.isLast) return true
    if (device !== undefined && device !== 'Mac') return false
    const other = text.replace(BOTO, '')
    return other === text || this.#spiders.find(other, keysOf(other), false) !== undefined
  }

  #systemOf(text: string, keys: ReadonlySet<number>): string {
    if (DARWIN_ON_MAC.test(text)) return 'Mac OS X'
    const system = this.#systems.find(text, keys, true)
    if (system !== undefined && system.name !== OTHER)
      return [system.name, system.versions.join('.')].join(' ').trim()
    return otherSystemOf(text) ?? (WINDOWS_32.test(text) ? 'Windows' : OTHER)
  }
}

/** A web view that says no more of itself, which uap-core takes for the mail program of a Mac. */
function isConsoleMail(name: string, os: string): boolean {
  return name === 'Apple Mail' && !os.startsWith('Mac OS X') && !os.startsWith('iOS')
}

/** The version that follows a name. */
function versionBehind(text: string, end: number): string {
  return VERSION_BEHIND.exec(text.slice(end, end + 60))?.[1] ?? ''
}

/** The version with the parts that the pattern does not ask for: uap-core takes two of `2.31.0`. */
function versionOf(text: string, match: AgentMatch): string {
  const version = match.versions.join('.')
  if (version === '' || !match.isVersionAsWritten) return version
  const start = text.indexOf(version, match.start)
  if (start < 0) return version
  const end = start + version.length
  return version + (MORE_OF_VERSION.exec(text.slice(end, end + 50))?.[0] ?? '')
}

/** The number at the start of a part of a version; null if there is none, or one too long to be exact. */
function toInteger(part: string | undefined): number | null {
  const digits = part === undefined ? undefined : /^\d+/.exec(part)?.[0]
  return digits === undefined || digits.length > 15 ? null : Number(digits)
}
