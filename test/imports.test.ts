/** The rules of imports. Their drawing is in src/README.md. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url))

interface Import {
  /** A file below src, with `/`; or a package, `node:fs`. */
  readonly target: string
  /** It is gone once the code is compiled. */
  readonly isType: boolean
}

const IMPORT =
  /^(?:import|export)\b(?<clause>[^'";]*?)\bfrom\s+'(?<from>[^']+)'|^import\s+'(?<effect>[^']+)'|\bimport\('(?<dynamic>[^']+)'\)/gm

const TEXTS = new Map(
  readdirSync(SOURCE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(SOURCE, path).split(sep).join('/'), readFileSync(path, 'utf8')] as const)
    // AssemblyScript is no module of the program: the build makes one of it.
    .filter(([file]) => !file.includes('/assembly/')),
)
const IMPORTS = new Map([...TEXTS].map(([file, text]) => [file, importsOf(file, text)]))

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(({ groups = {} }) => {
    const { clause = '', from, effect, dynamic } = groups
    const specifier = from ?? effect ?? dynamic!
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier
    return { target, isType: /^\s*type\b/.test(clause) }
  })
}

/** The folder below src, or the file that stands in src itself. */
function stationOf(file: string): string {
  return file.split('/')[0]!
}

/** The stations of the library. */
const LIBRARY: readonly string[] = [
  'errors.ts',
  'installed.ts',
  'event.ts',
  'expression',
  'json',
  'rules',
  'formats',
  'batches',
  'stages',
  'io',
  'pipeline.ts',
  'http',
  'handlers',
  'tracer',
]

/** Stations, and the ones that each may import beside itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'installed.ts': [],
  'event.ts': ['errors.ts', 'expression', 'json'],
  expression: ['errors.ts'],
  json: ['errors.ts', 'expression'],
  rules: ['errors.ts', 'event.ts', 'expression', 'json'],
  'runtime.ts': ['errors.ts', 'event.ts', 'expression', 'json', 'batches', 'rules'],
  formats: ['errors.ts', 'event.ts', 'json'],
  batches: ['errors.ts', 'event.ts', 'expression', 'json', 'rules', 'formats'],
  stages: [
    'errors.ts',
    'installed.ts',
    'event.ts',
    'expression',
    'json',
    'rules',
    'formats',
    'batches',
    'tracer',
  ],
  'pipeline.ts': ['errors.ts', 'event.ts', 'expression', 'json', 'rules', 'formats', 'stages', 'tracer'],
  http: [],
  handlers: [
    'errors.ts',
    'event.ts',
    'expression',
    'json',
    'rules',
    'formats',
    'batches',
    'stages',
    'tracer',
    'http',
  ],
  io: ['errors.ts', 'event.ts', 'formats', 'stages', 'pipeline.ts', 'http'],
  authoring: [
    'errors.ts',
    'installed.ts',
    'event.ts',
    'expression',
    'json',
    'rules',
    'formats',
    'batches',
    'stages',
    'tracer',
  ],
  tracer: ['http'],
  'index.ts': LIBRARY,
  cli: [...LIBRARY, 'index.ts', 'authoring'],
}

/**
 * The reader of IP addresses: every station may import it, the tracer too, so that there is one. It imports nothing.
 */
const SHARED_LEAF = 'expression/net/ip.ts'

/** Public entries, the folders and files that each may load, and whether that may be modules of Node. */
const ENTRIES: Readonly<Record<string, { readonly stations: readonly string[]; readonly hasNode: boolean }>> =
  {
    './rules': { stations: ['errors.ts', 'event.ts', 'expression', 'json', 'rules'], hasNode: false },
    './runtime': {
      stations: ['runtime.ts', 'errors.ts', 'event.ts', 'expression', 'json', 'rules', 'formats', 'batches'],
      hasNode: false,
    },
    './handlers': {
      stations: ['handlers', 'errors.ts', 'event.ts', 'expression', 'json', 'rules', 'formats', 'batches'],
      hasNode: false,
    },
    './handlers/node': {
      stations: [
        'handlers',
        'http',
        'errors.ts',
        'event.ts',
        'expression',
        'json',
        'rules',
        'formats',
        'batches',
      ],
      hasNode: true,
    },
    './client': {
      stations: ['tracer/client', 'tracer/protocol.ts', 'tracer/controls.ts', 'tracer/http-client.ts'],
      hasNode: true,
    },
    './tracer': { stations: ['tracer', 'http', SHARED_LEAF], hasNode: true },
    '.': {
      stations: Object.keys(ALLOWED).filter((station) => station !== 'cli' && station !== 'authoring'),
      hasNode: true,
    },
  }

/** The source of an entry of the package. */
function entryFile(specifier: string): string {
  const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return exports[specifier].default.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')
}

/**
 * Everything that comes along when a file is imported, itself included.
 *
 * @param isRunning leave out what is gone once the code is compiled. Default: false
 */
function closureOf(file: string, isRunning = false): Set<string> {
  const found = new Set<string>()
  const open = [file]
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    if (found.has(current) || !IMPORTS.has(current)) continue
    found.add(current)
    const imports = IMPORTS.get(current)!.filter(({ isType }) => !isRunning || !isType)
    open.push(...imports.map(({ target }) => target))
  }
  return found
}

/**
 * Files that import one another in a circle where types count as well, and are still to be taken apart. Whoever does that
 * takes them off this list; no other file may come onto it.
 */
const IN_CIRCLES_OF_TYPES: ReadonlySet<string> = new Set()

/** Stations whose exports are all imported somewhere, or public. */
const WITHOUT_IDLE_EXPORTS: readonly string[] = ['expression', 'rules', 'http', 'tracer', 'cli']

/** The exports of those that nothing imports yet, by file. */
const KEPT_EXPORTS: Readonly<Record<string, readonly string[]>> = {
  'rules/fast/fast-path.ts': ['FastNotes'],
  'cli/inputs.ts': ['STDIN', 'OpenedInputs'],
  // For the look-ups over HTTP.
  'http/body.ts': ['readBody'],
}

/** Every name that some file of the project imports from a file below src, with the file: `a.ts name`; `a.ts *` for all. */
function importedNames(): Set<string> {
  const names = new Set<string>()
  for (const folder of ['src', 'test', 'bench', '.ci']) {
    const root = fileURLToPath(new URL(`../${folder}/`, import.meta.url))
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
      const path = join(entry.parentPath, entry.name)
      const text = readFileSync(path, 'utf8')
      const targetOf = (specifier: string): string =>
        relative(SOURCE, join(entry.parentPath, specifier)).split(sep).join('/')
      for (const [, clause, specifier] of text.matchAll(
        /^(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*(?:\s+as\s+\w+)?)\s+from\s+'(\.[^']+)'/gm,
      )) {
        const listed = clause!.startsWith('*') ? ['*'] : clause!.slice(1, -1).split(',')
        for (const name of listed) {
          const [imported] = name
            .trim()
            .replace(/^type /, '')
            .split(' as ')
          names.add(`${targetOf(specifier!)} ${imported}`)
        }
      }
      for (const [, specifier] of text.matchAll(/\bimport\('(\.[^']+)'\)/g))
        names.add(`${targetOf(specifier!)} *`)
    }
  }
  return names
}

/** A chain of imports that ends where it began, types left out; undefined if there is none. */
function findCycle(): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const { target, isType } of IMPORTS.get(file) ?? []) {
      const cycle = isType ? undefined : visit(target, [...path, file])
      if (cycle !== undefined) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const file of IMPORTS.keys()) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, '').replace(/(?<=^|\s)\/\/.*$/gm, '')
}

describe('imports', () => {
  it('are understood by this test: it finds the ones that are certainly there', () => {
    assert.ok(IMPORTS.size > 100)
    const pipeline = IMPORTS.get('pipeline.ts')!
    assert.ok(pipeline.some(({ target, isType }) => target === 'stages/stream-chain.ts' && !isType))
    assert.ok(pipeline.some(({ target, isType }) => target === 'stages/chain.ts' && isType))
    assert.ok(IMPORTS.get('cli/normalize.ts')!.some(({ target }) => target === 'cli/run-pipeline.ts'))
    assert.deepEqual(
      importsOf(
        'a/b.ts',
        "import {\n  type X,\n  y,\n} from '../c.ts'\nimport 'node:fs'\nexport * from './d.ts'\n",
      ),
      [
        { target: 'c.ts', isType: false },
        { target: 'node:fs', isType: false },
        { target: 'a/d.ts', isType: false },
      ],
    )
  })

  it('lead to files that are there', () => {
    for (const [file, imports] of IMPORTS) {
      for (const { target } of imports) {
        if (target.endsWith('.ts')) assert.ok(IMPORTS.has(target), `${file} imports ${target}`)
      }
    }
  })

  it('go one way: cli, io, pipeline, stages, formats, rules, json, expression', () => {
    assert.deepEqual(IMPORTS.get(SHARED_LEAF), [])
    for (const [file, imports] of IMPORTS) {
      const station = stationOf(file)
      const allowed = ALLOWED[station]
      assert.ok(allowed !== undefined, `${file} belongs nowhere`)
      for (const { target } of imports) {
        if (!target.endsWith('.ts')) continue
        const other = stationOf(target)
        const isAllowed = other === station || allowed.includes(other) || target === SHARED_LEAF
        assert.ok(isAllowed, `${file} imports ${target}`)
      }
    }
  })

  it('never come back to where they began', () => {
    assert.equal(findCycle()?.join(' -> '), undefined)
  })

  it('go in no circle where types count as well, but for the files that are listed', () => {
    const inCircles = [...IMPORTS.keys()].filter((file) =>
      IMPORTS.get(file)!.some(({ target }) => IMPORTS.has(target) && closureOf(target).has(file)),
    )
    // Both ways: a file that was taken out of its circle comes off the list, or it could go back unseen.
    assert.deepEqual(inCircles.sort(), [...IN_CIRCLES_OF_TYPES].sort())
  })

  it('use every export of the language, the rules, the tracer and the commands that is not public', () => {
    const imported = importedNames()
    const entries = new Set(Object.keys(ENTRIES).map(entryFile))
    const exported =
      /^export (?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type)\s+(?<name>\w+)/gm
    let count = 0
    for (const [file, text] of TEXTS) {
      if (!WITHOUT_IDLE_EXPORTS.includes(stationOf(file)) || entries.has(file)) continue
      if (imported.has(`${file} *`)) continue
      for (const { groups } of text.matchAll(exported)) {
        const { name } = groups!
        count++
        if (KEPT_EXPORTS[file]?.includes(name!) === true) continue
        assert.ok(imported.has(`${file} ${name}`), `${file} exports ${name}, which nothing imports`)
      }
    }
    assert.ok(count > 300, `${count} exports were looked at`)
  })

  it('leave the language without Node: src/expression runs wherever JavaScript does', () => {
    for (const [file, imports] of IMPORTS) {
      if (stationOf(file) !== 'expression') continue
      const ofNode = imports.filter(({ target, isType }) => target.startsWith('node:') && !isType)
      assert.deepEqual(ofNode, [], file)
    }
  })

  it('leave JSON, formats and batches without Node, but for the one file that brings its Buffer', () => {
    for (const [file, imports] of IMPORTS) {
      if (!['json', 'formats', 'batches'].includes(stationOf(file)) || file === 'formats/node-coding.ts')
        continue
      // It is handed the Buffer, where the platform has one.
      if (file === 'formats/buffer-coding.ts') {
        assert.deepEqual(imports, [{ target: 'json/text-coding.ts', isType: true }])
        continue
      }
      const ofNode = imports.filter(
        ({ target }) => target.startsWith('node:') || target.endsWith('/node-coding.ts'),
      )
      assert.deepEqual(ofNode, [], file)
      assert.doesNotMatch(withoutComments(TEXTS.get(file)!), /\bBuffer\b/, file)
    }
  })

  it('leave the cores for authors without Node: a page in a browser uses them', () => {
    const withNode = ['authoring/lsp/', 'authoring/playground/server.ts', 'authoring/playground/assets.ts']
    for (const [file, imports] of IMPORTS) {
      if (stationOf(file) !== 'authoring' || withNode.some((prefix) => file.startsWith(prefix))) continue
      const ofNode = imports.filter(
        ({ target }) => target.startsWith('node:') || withNode.some((prefix) => target.startsWith(prefix)),
      )
      assert.deepEqual(ofNode, [], file)
    }
  })

  it('give each public entry only what it says: its files, and the modules of Node and of others', () => {
    for (const [specifier, { stations, hasNode }] of Object.entries(ENTRIES)) {
      const file = entryFile(specifier)
      const closure = closureOf(file, true)
      assert.ok(closure.size > 10, `${specifier} loads something`)
      for (const loaded of closure) {
        const isAllowed = stations.some((station) => loaded === station || loaded.startsWith(`${station}/`))
        assert.ok(isAllowed, `${specifier} loads ${loaded}`)
        if (hasNode) continue
        const ofNode = IMPORTS.get(loaded)!.filter(
          ({ target, isType }) => target.startsWith('node:') && !isType,
        )
        assert.deepEqual(ofNode, [], `${specifier} loads ${loaded}`)
      }
    }
    assert.ok(
      !closureOf(entryFile('./tracer'), true).has('tracer/client/pool.ts'),
      'the server without the client',
    )
    assert.ok(
      !closureOf(entryFile('./client'), true).has('tracer/server/server.ts'),
      'the client without the server',
    )
  })

  it('keep the server and the client of the tracer apart: they share the protocol', () => {
    const server = closureOf('tracer/server/server.ts')
    const shared = [...closureOf('tracer/client/pool.ts')].filter((file) => server.has(file))
    // Besides it only a table of characters, which imports nothing.
    assert.deepEqual(shared.sort(), ['tracer/controls.ts', 'tracer/protocol.ts'])
    for (const file of shared) {
      const own = IMPORTS.get(file)!.filter(({ target }) => IMPORTS.has(target))
      assert.ok(
        own.every(({ target }) => shared.includes(target)),
        `${file} imports more than is shared`,
      )
    }
  })

  it('take from the tracer only its client into the stages', () => {
    const server = closureOf('tracer/server/server.ts')
    server.delete('tracer/protocol.ts')
    for (const [file, imports] of IMPORTS) {
      if (stationOf(file) !== 'stages') continue
      for (const { target } of imports) assert.ok(!server.has(target), `${file} imports ${target}`)
    }
  })

  it('leave argv, environment, standard streams and exit codes to src/cli', () => {
    // When something runs (nextTick) and how much memory there is are no business of the command line.
    const isUsed =
      /^import (?!\{ (?:memoryUsage|nextTick) \} ).*'(?:node:)?process'|\bprocess\.(?!nextTick\b|memoryUsage\b)\w/m
    for (const [file, text] of TEXTS) {
      if (stationOf(file) === 'cli') continue
      assert.ok(!isUsed.test(withoutComments(text)), `${file} uses process`)
    }
  })

  it('are named: nothing is exported as default', () => {
    for (const [file, text] of TEXTS) assert.ok(!/^export default\b/m.test(text), file)
  })
})
