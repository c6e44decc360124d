/**
 * Makes src/expression/user-agent/tables.ts, the tables that user agents are told by, out of data that others keep:
 * `node --import tsx .ci/user-agent-tables.ts` (`npm run build` does it first).
 *
 *   uap-core             browsers, clients and systems, and which agents are crawlers
 *   crawler-user-agents  crawlers, each with a text that it is known by
 *
 * A module rather than a data file, because the language reads no files; made by the build rather than kept here,
 * because it follows the two packages; each table is read when it is asked for. For each pattern the table says three characters that are in every text which
 * the pattern matches, so that most patterns need not be tried, and which of its groups are open: could take any text.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { load } from 'js-yaml'
import { children, type RegexNode } from '../src/expression/regex/ast.ts'
import { ANY_BUT_NEWLINE, resolve, setKey } from '../src/expression/regex/character-set.ts'
import { parsePattern } from '../src/expression/regex/parse.ts'

const TARGET = new URL('../src/expression/user-agent/tables.ts', import.meta.url)

const HEAD = `import type { AgentRule } from './rule-table.ts'

/* Made by the build, by .ci/user-agent-tables.ts. Do not edit. */
`

/** More texts than these are not counted out: a group that has them is open. */
const MOST_TEXTS = 400
const MOST_ALTERNATIVES = 150
const KEY_LENGTH = 3
/** No name, though some crawler has no other. */
const COMMON_NOUN =
  /^(?:the |web ?|search ?|\w )?(?:bot|robot|spider|crawl|crawler|scraper|indexer|archiver)s?$/i

type Entry = Readonly<Record<string, string | undefined>>

interface Rule {
  readonly pattern: string
  flags?: string
  keys?: string
  name?: string
  versions?: string[]
  open?: number[]
}

const require = createRequire(import.meta.url)
const uapFolder = dirname(require.resolve('uap-core/regexes.yaml'))
const crawlersFolder = dirname(require.resolve('crawler-user-agents'))
/** Both licences want to be told with what is made of the data. They stand at declarations, so that a build keeps them. */
const UAP_NOTICE = notice(
  'Made of regexes.yaml of uap-core, https://github.com/ua-parser/uap-core. Changed: the patterns stand in another form,\n' +
    'keys and notes on groups were added.',
  uapFolder,
)
const CRAWLERS_NOTICE = notice(
  'Made of crawler-user-agents.json, https://github.com/monperrus/crawler-user-agents; keys and names were added.',
  crawlersFolder,
)

function notice(what: string, folder: string): string {
  const license = readFileSync(join(folder, 'LICENSE'), 'utf8').trim()
  return `/**\n${`${what}\n\n${license}`.replace(/^/gm, ' * ').replace(/ +$/gm, '')}\n */\n`
}

const uap = load(readFileSync(join(uapFolder, 'regexes.yaml'), 'utf8')) as Record<string, Entry[]>
const crawlers = JSON.parse(readFileSync(join(crawlersFolder, 'crawler-user-agents.json'), 'utf8')) as {
  pattern: string
  tags: string[]
  instances: string[]
}[]

const names = new Set<string>()
/** How many agents, and how many patterns so far, have a key. */
const inAgents = new Map<string, number>()
const inPatterns = new Map<string, number>()
for (const agent of crawlers.flatMap(({ instances }) => instances)) {
  for (const key of new Set(keysIn(agent.toLowerCase()))) inAgents.set(key, (inAgents.get(key) ?? 0) + 1)
}

const browsers = uap['user_agent_parsers']!.map((entry) =>
  ruleOf(entry, 'family_replacement', ['v1_replacement', 'v2_replacement', 'v3_replacement']),
)
const systems = uap['os_parsers']!.map((entry) =>
  ruleOf(entry, 'os_replacement', [
    'os_v1_replacement',
    'os_v2_replacement',
    'os_v3_replacement',
    'os_v4_replacement',
  ]),
)
const spiders = uap['device_parsers']!.filter((entry) => entry['device_replacement'] === 'Spider').map(
  (entry) => ruleOf(entry, 'device_replacement', []),
)
for (const instance of crawlers.flatMap(({ instances }) => instances)) addNameOfInstance(instance)
/** By the name in lower case; uap-core's spelling first. */
const spelling = new Map([...names].reverse().map((name) => [name.toLowerCase(), name]))
const isLibrary = ({ tags }: { tags: string[] }) =>
  tags.includes('http-library') || tags.includes('browser-automation')
const crawlerRules = crawlers.filter((crawler) => !isLibrary(crawler)).map(ruleOfCrawler)
const libraryRules = crawlers.filter(isLibrary).map(ruleOfCrawler)

const lines = [
  HEAD,
  UAP_NOTICE + tableText('browsers', 'AgentRule', browsers),
  UAP_NOTICE + tableText('systems', 'AgentRule', systems),
  UAP_NOTICE + tableText('spiders', 'AgentRule', spiders),
  CRAWLERS_NOTICE + tableText('crawlers', 'AgentRule', crawlerRules),
  CRAWLERS_NOTICE + tableText('libraries', 'AgentRule', libraryRules),
  `/** All names that the tables have of their own. */\n${tableText('names', 'string', [...names])}`,
]
writeFileSync(TARGET, lines.join('\n'))

/**
 * A function that reads a table from its JSON text: whoever imports the module without asking for the table pays for the text
 * only, and JSON is read faster than JavaScript.
 */
function tableText(name: string, type: string, rows: readonly unknown[]): string {
  const text = JSON.stringify(JSON.stringify(rows)).replaceAll('},{', '},\\\n{')
  return `export function ${name}(): readonly ${type}[] {\n  return JSON.parse(${text})\n}\n`
}

function ruleOf(entry: Entry, nameKey: string, versionKeys: readonly string[]): Rule {
  const rule: Rule = { pattern: entry['regex']! }
  if (entry['regex_flag'] !== undefined) rule.flags = entry['regex_flag']
  const { root } = parsePattern(rule.pattern)
  const keys = keysOf(root)
  if (keys !== undefined) rule.keys = keys
  const groups = groupsOf(root)
  const open = groups.flatMap(({ isOpen }, index) => (isOpen ? [index + 1] : []))
  if (open.length > 0) rule.open = open
  const name = entry[nameKey]
  if (name !== undefined) rule.name = name
  if (versionKeys.some((key) => entry[key] !== undefined)) {
    rule.versions = versionKeys.map((key) => entry[key]?.toString() ?? '')
  }
  if (versionKeys.length > 0) addNames(name ?? '$1', groups)
  return rule
}

/** Every name that the rule can give, as far as its group can be counted out. */
function addNames(name: string, groups: readonly GroupTexts[]): void {
  const group = /\$(\d)/.exec(name)
  if (group === null) names.add(name.trim())
  else
    for (const text of groups[Number(group[1]) - 1]?.texts ?? [])
      names.add(name.replaceAll(group[0], text).trim())
}

/** A known crawler that uap-core has no name for, but finds in the agent by a pattern for any crawler. */
function addNameOfInstance(agent: string): void {
  for (const { pattern, name = '$1', open = [] } of browsers) {
    const groups = new RegExp(pattern).exec(agent)
    if (groups === null) continue
    const found = groups[1]?.trim() ?? ''
    const isOpen = open.includes(1) && name === '$1' && !pattern.includes('CFNetwork')
    if (isOpen && /^[A-Z][\w .!'-]{2,40}$/i.test(found) && !COMMON_NOUN.test(found)) names.add(found)
    return
  }
}

/** Libraries and drivers of browsers are what a crawler may be made of, and a table of their own. */
function ruleOfCrawler({ pattern }: { pattern: string }): Rule {
  const name = nameOfCrawler(pattern)
  // A group would be taken for the name.
  const rule = {
    ...ruleOf({ regex: pattern.replace(/\((?!\?)/g, '(?:').replaceAll('\\(?:', '\\(') }, '', []),
  }
  rule.name = name === undefined ? '' : (spelling.get(name.toLowerCase()) ?? name)
  return rule
}

/** A pattern that is a plain text is what its crawler calls itself. */
function nameOfCrawler(pattern: string): string | undefined {
  const plain = pattern
    .replace(/^\(\^\| \)|^\^/, '')
    .replace(/\(\[\^-\]\|\$\)$/, '')
    .replace(/\\\/$/, '')
    .replace(/\[(\w)\w\]/g, '$1')
    .replace(/\\([./-])/g, '$1')
    .trim()
  return /^[A-Z\d][\w .!:'-]{2,}$/i.test(plain) && !/\.\w|^https?:/.test(plain) ? plain : undefined
}

/** The texts that can be counted out, and whether there are others. */
interface GroupTexts {
  readonly texts: readonly string[]
  readonly isOpen: boolean
}

/** The texts that a group can take, by its number. */
function groupsOf(root: RegexNode): GroupTexts[] {
  const groups: GroupTexts[] = []
  const visit = (node: RegexNode): void => {
    if (node.kind === 'group') {
      const texts = textsOf(node.body, MOST_TEXTS, false)
      const known = texts ?? textsOf(node.body, MOST_TEXTS, false, true) ?? []
      groups[node.index - 1] = { texts: known, isOpen: texts === undefined }
    }
    for (const child of children(node)) visit(child)
  }
  visit(root)
  return groups
}

/**
 * All texts that the node can take; undefined if they are too many. Folded: in lower case, which makes them fewer.
 * Partly: those of the branches that can be counted out.
 */
function textsOf(node: RegexNode, most: number, folded: boolean, partly = false): string[] | undefined {
  const join = (parts: readonly (string[] | undefined)[]): string[] | undefined => {
    let texts: string[] = ['']
    for (const part of parts) {
      if (part === undefined || texts.length * part.length > most) return undefined
      texts = [...new Set(texts.flatMap((text) => part.map((next) => text + next)))]
    }
    return texts
  }
  switch (node.kind) {
    case 'set': {
      // Where names are counted, a point stands for itself: `3.1`, `WinNT4.0`.
      if (!folded && setKey(node.set) === setKey(ANY_BUT_NEWLINE)) return ['.']
      const ranges = resolve(node.set)
      const texts = new Set<string>()
      for (let index = 0; index < ranges.length; index += 2) {
        for (let code = ranges[index]!; code <= ranges[index + 1]!; code++) {
          const text = String.fromCodePoint(code)
          texts.add(folded ? text.toLowerCase() : text)
          if (texts.size > 6) return undefined
        }
      }
      return [...texts]
    }
    case 'sequence':
      return join(node.items.map((item) => textsOf(item, most, folded, partly)))
    case 'choice': {
      const texts: string[] = []
      for (const branch of node.branches) {
        const next = textsOf(branch, most, folded, partly)
        if (next === undefined && !partly) return undefined
        texts.push(...(next ?? []))
      }
      return texts.length > most || texts.length === 0 ? undefined : [...new Set(texts)]
    }
    case 'repeat': {
      if (node.max > 8) return undefined
      const body = textsOf(node.body, most, folded, partly)
      const counts = Array.from({ length: node.max - node.min + 1 }, (_, index) => node.min + index)
      const all = counts.map((count) => join(Array.from({ length: count }, () => body)))
      if (all.includes(undefined)) return undefined
      const texts = all.flat() as string[]
      return texts.length > most ? undefined : [...new Set(texts)]
    }
    case 'group':
    case 'atomic':
      return textsOf(node.body, most, folded, partly)
    case 'position':
    case 'boundary':
      return ['']
    default:
      return undefined
  }
}

/** Texts of which one is in everything that the node matches; the best of several such lists. */
function requiredTexts(node: RegexNode): string[] | undefined {
  const whole = textsOf(node, MOST_ALTERNATIVES, true)
  const candidates: (string[] | undefined)[] = [whole]
  if (node.kind === 'group' || node.kind === 'atomic') candidates.push(requiredTexts(node.body))
  if (node.kind === 'repeat' && node.min > 0) candidates.push(requiredTexts(node.body))
  if (node.kind === 'choice') {
    const lists = node.branches.map(requiredTexts)
    if (!lists.includes(undefined)) candidates.push((lists as string[][]).flat())
  }
  if (node.kind === 'sequence') {
    for (const item of node.items) candidates.push(requiredTexts(item))
    // The longest runs that can be counted out.
    let start = 0
    let run: string[] | undefined
    for (let end = 1; end <= node.items.length; end++) {
      const texts = textsOf(
        { kind: 'sequence', items: node.items.slice(start, end) },
        MOST_ALTERNATIVES,
        true,
      )
      if (texts === undefined) {
        candidates.push(run)
        start = run === undefined ? end : end - 1
      }
      run = texts
    }
    candidates.push(run)
  }
  return best(candidates)
}

function best(candidates: readonly (string[] | undefined)[]): string[] | undefined {
  let chosen: string[] | undefined
  let chosenScore = Number.NEGATIVE_INFINITY
  for (const texts of candidates) {
    if (texts === undefined || texts.some((text) => [...text].length < KEY_LENGTH)) continue
    const score = Math.min(...texts.map((text) => text.length), 12) - texts.length / 4
    if (score > chosenScore) {
      chosen = texts
      chosenScore = score
    }
  }
  return chosen
}

/** A key for each required text, one after the other: three characters of it that few agents and few patterns have. */
function keysOf(root: RegexNode): string | undefined {
  const keys = new Set<string>()
  for (const text of requiredTexts(root) ?? []) {
    const key = rarest(keysIn(text))
    if (key === undefined) return undefined
    keys.add(key)
  }
  for (const key of keys) inPatterns.set(key, (inPatterns.get(key) ?? 0) + 1)
  return keys.size === 0 ? undefined : [...keys].join('')
}

function rarest(keys: readonly string[]): string | undefined {
  const weight = (key: string) => (inAgents.get(key) ?? 0) + 3 * (inPatterns.get(key) ?? 0)
  return [...keys].sort((a, b) => weight(a) - weight(b))[0]
}

function keysIn(text: string): string[] {
  const keys: string[] = []
  for (let start = 0; start + KEY_LENGTH <= text.length; start++) {
    const key = text.slice(start, start + KEY_LENGTH)
    if (/^[\0-\x7f]*$/.test(key)) keys.push(key)
  }
  return keys
}
