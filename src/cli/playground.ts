/** `normalize playground`: a page on which rules are written and tried. */
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { gunzipSync } from 'node:zlib'
import { formatOf, testEvents } from '../authoring/editor/index.ts'
import { readStart, sampleFile } from '../authoring/lsp/workspace.ts'
import { ASSETS, pageHtml, pagePolicy, readAsset } from '../authoring/playground/assets.ts'
import type { FileRole, PlaygroundContent, PlaygroundFile } from '../authoring/playground/content.ts'
import { SAMPLE_CONTENT } from '../authoring/playground/content.ts'
import { cleanPath } from '../authoring/playground/file-tree.ts'
import { PlaygroundServer } from '../authoring/playground/server.ts'
import { PLAYGROUND_FILES } from '../installed.ts'
import { systemMessage } from '../io/files/system-message.ts'
import { stringify } from '../json/stringify.ts'
import { IncludedFiles, loadWithIncludes } from '../rules/include.ts'
import { isRoutesText } from '../rules/sets/routes-file.ts'
import { terminalText } from '../tracer/controls.ts'
import { formatEndpoint, parseEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { InputArguments } from './input-options.ts'
import { inputOptions } from './input-options.ts'
import { resolveRoutes } from './routes.ts'
import type { RuleOptions } from './rule-files.ts'
import { decoded, isFolder, lookupsFor, readText } from './rule-texts.ts'

/** The options of the command line, as commander names them. `inputFormat` is undefined where none was asked for. */
export interface PlaygroundArguments extends InputArguments, RuleOptions {
  readonly listen?: string
  readonly open?: boolean
  readonly export?: string
}

/** So much of the events goes to the page. */
const MAX_EVENT_BYTES = 256 * 1024

/** So much of many rule sets does: each key that is pressed compiles all of it. */
const MAX_RULE_BYTES = 1024 * 1024

/** Events of each of many rule sets that are shown where no file of events is named. */
const SAMPLES = 3

/**
 * Serves the page until a signal ends it, or writes it as files.
 *
 * @param events a file of events; undefined: those beside the rule file, if there are any
 * @returns the exit code
 * @throws {CommandError} for files that cannot be read, and an address that cannot be had
 */
export async function runPlayground(
  events: string | undefined,
  options: PlaygroundArguments,
): Promise<number> {
  const loaded = await load(events, options)
  if (!existsSync(new URL('index.html', PLAYGROUND_FILES))) {
    throw new CommandError(EXIT.FAILED, 'the page of the playground is not there: npm run build makes it')
  }
  if (options.export !== undefined) return exportPage(options.export, loaded)
  const { host, port } = endpoint(options.listen ?? '127.0.0.1:0')
  const server = new PlaygroundServer({ ...loaded, host })
  let actual: number
  try {
    actual = await server.listen(port)
  } catch (error) {
    throw new CommandError(EXIT.FAILED, `cannot listen on ${options.listen}: ${systemMessage(error)}`, {
      cause: error,
    })
  }
  const address = `http://${formatEndpoint({ host, port: actual })}/#token=${server.token}`
  process.stderr.write(`listening on ${address}\n`)
  for (const note of loaded.notes) process.stderr.write(`${terminalText(note)}\n`)
  if (options.open === true) openBrowser(address)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await server.close()
  return EXIT.OK
}

function endpoint(text: string) {
  try {
    return parseEndpoint(text)
  } catch (error) {
    throw new CommandError(EXIT.USAGE, `--listen: ${(error as Error).message}`)
  }
}

interface Loaded {
  readonly content: PlaygroundContent
  readonly saves: ReadonlyMap<string, string>
  readonly notes: readonly string[]
}

async function load(events: string | undefined, options: PlaygroundArguments): Promise<Loaded> {
  const { rules = [], allowUnsafePatterns } = options
  const notes: string[] = []
  const [main] = rules
  if (rules.length > 1 || (main !== undefined && isRouted(main, options))) {
    return loadRouted(rules, events, options, notes)
  }
  const files = main === undefined ? SAMPLE_CONTENT.files : ruleFiles(main, options.lookups)
  const source = events ?? (main === undefined ? undefined : sampleFile(main))
  const isTests = source !== undefined && events === undefined && /\.ya?ml$/i.test(source)
  const inputFormat = options.inputFormat ?? (isTests ? 'jsonl' : formatIn(source))
  const input = await inputOptions({ ...options, inputFormat })
  const none = main === undefined ? SAMPLE_CONTENT.events : ''
  const content: PlaygroundContent = {
    files,
    events: source === undefined ? none : isTests ? testLines(source) : readEventText(source, options, notes),
    input: { ...input, encoding: undefined },
    ...(allowUnsafePatterns === true && { allowUnsafePatterns }),
  }
  const saves = new Map(main === undefined ? [] : files.map(({ name }) => [name, name]))
  return { content, saves, notes }
}

/** Rules that are many rule sets, as `normalize` sees it. */
function isRouted(main: string, { route }: RuleOptions): boolean {
  return typeof route === 'string' || isFolder(main) || isRoutesText(readText(main))
}

/** Many rule sets with all files that belong to them. The page looks for the rule sets among the files as the command does on the disk. */
async function loadRouted(
  rules: readonly string[],
  events: string | undefined,
  options: PlaygroundArguments,
  notes: string[],
): Promise<Loaded> {
  const { lookups, route, allowUnsafePatterns } = options
  const { routes, texts } = resolveRoutes(rules, lookups)
  const sets = [...new Set(routes.flatMap(({ file }) => (file === undefined ? [] : [file])))]
  const tables = new Set(routes.flatMap((each) => each.lookups))
  const paths = new Map<string, string>()
  const files: PlaygroundFile[] = []
  const add = (path: string, role: FileRole, text: string): void => {
    const name = cleanPath(path)
    if (paths.has(name)) return
    paths.set(name, path)
    files.push({ name, role, text })
  }
  const textOf = new Map(texts.map(({ file, text }) => [file, text]))
  for (const { file, text } of texts) if (!sets.includes(file) && !tables.has(file)) add(file, 'routes', text)
  for (const file of sets) {
    add(file, 'rules', textOf.get(file)!)
    const { texts: all } = loadWithIncludes(textOf.get(file)!, file, new IncludedFiles([], decoded))
    for (const [name, text] of all) if (name !== file) add(name, 'included', text)
  }
  for (const file of tables) add(file, 'lookups', textOf.get(file)!)
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  if (bytes > MAX_RULE_BYTES) {
    throw new CommandError(
      EXIT.USAGE,
      `the rules have ${Math.round(bytes / 1024)} KiB in ${files.length} files, and the playground takes ${MAX_RULE_BYTES / 1024}: name fewer of them with --rules`,
    )
  }
  const inputFormat = options.inputFormat ?? (events === undefined ? 'jsonl' : formatIn(events))
  const input = await inputOptions({ ...options, inputFormat })
  const content: PlaygroundContent = {
    files,
    rules: rules.map(cleanPath),
    ...(lookups !== undefined && { lookups: lookups.map(cleanPath) }),
    ...(typeof route === 'string' && { noRoute: route }),
    events: events === undefined ? sampleLines(sets) : readEventText(events, options, notes),
    input: { ...input, encoding: undefined },
    ...(allowUnsafePatterns === true && { allowUnsafePatterns }),
  }
  return { content, saves: paths, notes }
}

/** The first events beside each of many rule files: of their tests, or of an input that is JSON lines. */
function sampleLines(files: readonly string[]): string {
  let lines = ''
  for (const file of files) {
    const source = sampleFile(file)
    if (source === undefined || lines.length > MAX_EVENT_BYTES) continue
    const isTests = /\.ya?ml$/i.test(source)
    if (!isTests && formatOf(source) !== 'jsonl') continue
    const text = isTests ? testLines(source) : readStart(source, MAX_EVENT_BYTES)
    lines += text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, SAMPLES)
      .map((line) => `${line}\n`)
      .join('')
  }
  return lines
}

function formatIn(source: string | undefined) {
  return source === undefined ? 'jsonl' : formatOf(source.replace(/\.gz$/i, ''))
}

/** The rule file with all files that belong to it. */
function ruleFiles(main: string, lookups: readonly string[] | undefined): PlaygroundFile[] {
  const text = readText(main)
  const { files, texts } = loadWithIncludes(text, main, new IncludedFiles([], decoded))
  const included = files.map(({ file }) => file).filter((file) => file !== main)
  return [
    { name: main, role: 'rules', text },
    ...included.map((name) => ({ name, role: 'included' as const, text: texts.get(name)! })),
    ...lookupsFor(main, lookups).map((name) => ({ name, role: 'lookups' as const, text: readText(name) })),
  ]
}

/** The events of the tests beside a rule file, as JSON lines. */
function testLines(path: string): string {
  return Array.from(testEvents(path, readText(path)), (event) => `${stringify(event)}\n`).join('')
}

/** The beginning of a file of events. */
function readEventText(
  path: string,
  { encoding = 'utf-8', invalidUtf8 }: PlaygroundArguments,
  notes: string[],
): string {
  try {
    const file = readFileSync(path)
    const bytes = /\.gz$/i.test(path) ? gunzipSync(file, { maxOutputLength: 64 << 20 }) : file
    const start = bytes.subarray(0, MAX_EVENT_BYTES)
    const end = bytes.length > start.length ? start.lastIndexOf(0x0a) + 1 || start.length : start.length
    if (end < bytes.length)
      notes.push(
        `${path}: the first ${Math.round(end / 1024)} KiB of ${Math.round(bytes.length / 1024)} are on the page`,
      )
    const fatal = invalidUtf8 !== 'replace'
    return new TextDecoder(encoding, { fatal }).decode(start.subarray(0, end))
  } catch (error) {
    const reason =
      error instanceof TypeError
        ? `it is not ${encoding}; --encoding names another one, --invalid-utf8 replace takes it as it is`
        : systemMessage(error)
    throw new CommandError(EXIT.USAGE, `cannot read ${path}: ${reason}`, { cause: error })
  }
}

function exportPage(folder: string, { content, notes }: Loaded): number {
  const nonce = randomBytes(16).toString('base64')
  try {
    mkdirSync(folder, { recursive: true })
    for (const { name } of ASSETS) {
      const page =
        name === 'index.html' ? pageHtml(nonce, pagePolicy(nonce, "'none'"), content) : readAsset(name)
      writeFileSync(join(folder, name), page)
    }
  } catch (error) {
    throw new CommandError(EXIT.FAILED, `cannot write to ${folder}: ${systemMessage(error)}`, {
      cause: error,
    })
  }
  for (const note of notes) process.stderr.write(`${terminalText(note)}\n`)
  process.stderr.write(`${terminalText(folder)} has the page: any web server can serve it\n`)
  return EXIT.OK
}

/** Opens an address in the browser of the desktop. The address stands on the terminal in any case. */
function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === 'win32'
      ? ['rundll32', 'url.dll,FileProtocolHandler', address]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', address]
  const child = spawn(command!, args, { stdio: 'ignore', detached: true })
  child.on('error', () => process.stderr.write(`no browser could be opened: ${command} is not there\n`))
  child.unref()
}
