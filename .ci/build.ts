/**
 * Builds dist/ from src/: `npm run build`.
 *
 * The entries of the library, `tracer` and what worker threads begin with become files of their own; all that
 * they share goes into dist/chunks/, together with the libraries that are plain JavaScript: an entry then loads a few
 * files, where it would load some hundred, and that is most of what a start costs. Libraries with native parts, or with
 * files or threads of their own, stay outside. `normalize` is a script for itself. Types are a file for each module, as the compiler writes them.
 *
 * dist/portable/ has the modules of `sluice/runtime` one by one, without anything of Node: of these a bundler takes what a compiled
 * module imports, which joined files would not let it.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, type BuildResult, build, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')

/** The first file of each is src/cli/start-NAME.ts. */
const COMMANDS = ['cli/tracer']

const ENTRIES = [
  ...['index', 'rules/index', 'runtime', 'tracer/client/index', 'tracer/index'],
  ...COMMANDS,
  ...['handlers/index', 'handlers/node'],
  ...['stages/process/worker', 'cli/module-thread'],
]

/** Those that are not joined: lmdb is native, and the others look for files of their own, or are seldom needed. */
const OUTSIDE = [
  'lmdb',
  'pino',
  'prom-client',
  'maxmind',
  're2js',
  'undici',
  'esbuild',
  'vscode-languageserver',
  '@platformatic/kafka',
]

/** The page of the playground, and the worker in which its rules run: for a browser, each in one file. */
const PAGE = 'src/authoring/playground/page'

/**
 * commander asks for node:child_process when it is loaded, for subcommands that are programs of their own. There are none of
 * them, and the module with all that it loads is a twentieth of a start.
 */
const WITHOUT_PROGRAMS: Plugin = {
  name: 'no programs as subcommands',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]commander[\\/]/.test(importer)
        ? { path: 'child_process', namespace: 'empty' }
        : undefined,
    )
    onLoad({ filter: /^/, namespace: 'empty' }, () => ({ contents: '' }))
  },
}

const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  external: OUTSIDE,
  plugins: [WITHOUT_PROGRAMS],
  metafile: true,
}

rmSync(DIST, { recursive: true, force: true })
runTypeScript()
const { metafile } = await build({
  ...SHARED,
  entryPoints: ENTRIES.map((entry) => ({ in: `src/${sourceOf(entry)}.ts`, out: entry })),
  outdir: DIST,
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  format: 'esm',
  // Libraries in CommonJS ask for Node's modules with `require`, which a module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
})
const page = await build({
  absWorkingDir: ROOT,
  entryPoints: [
    { in: `${PAGE}/main.ts`, out: 'page' },
    { in: `${PAGE}/worker.ts`, out: 'worker' },
  ],
  outdir: join(DIST, 'playground'),
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  metafile: true,
})
for (const name of ['index.html', 'style.css', 'icon.svg']) {
  copyFileSync(join(ROOT, PAGE, name), join(DIST, 'playground', name))
}
await writePortableRuntime()
const ofScript = await buildNormalize()
const inputs = [metafile, ofScript.metafile, page.metafile].flatMap((file) => Object.keys(file!.inputs))
writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), licences(inputs))
for (const command of [...COMMANDS, 'cli/normalize']) chmodSync(join(DIST, `${command}.js`), 0o755)

function sourceOf(entry: string): string {
  return COMMANDS.includes(entry) ? entry.replace('cli/', 'cli/start-') : entry
}

/** Writes dist/portable/. */
async function writePortableRuntime(): Promise<void> {
  const shared = {
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    logLevel: 'warning',
  } as const
  const whole = await build({ ...shared, entryPoints: ['src/runtime.ts'], write: false, metafile: true })
  const portable = join(DIST, 'portable')
  await build({
    ...shared,
    entryPoints: Object.keys(whole.metafile.inputs),
    outbase: 'src',
    outdir: portable,
    plugins: [
      {
        name: 'one by one',
        setup({ onResolve }) {
          onResolve({ filter: /^\.\.?\// }, ({ path, kind }) =>
            kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
          )
        },
      },
    ],
  })
  writeFileSync(join(portable, 'package.json'), '{"type":"module","sideEffects":false}\n')
}

/**
 * `normalize` is started often and may have little to do. So all of it is one script, which V8 reads with the machine code
 * that an earlier start has left (src/cli/kept-script.ts), and a small module that runs it. The script is CommonJS: the one way
 * to load code with its machine code, on Node 20, is a script, and a script knows no imports.
 */
async function buildNormalize(): Promise<BuildResult> {
  const built = await build({
    ...SHARED,
    entryPoints: { normalize: 'src/cli/normalize.ts' },
    outdir: join(DIST, 'cli'),
    entryNames: '[name]-[hash]',
    format: 'cjs',
    define: { 'import.meta.url': '__url' },
    // It is read as a text of one byte for each character.
    charset: 'ascii',
    // An import() of the script would have to ask for a loader of ES modules; a library is asked for by `require`.
    supported: { 'dynamic-import': false },
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) { const __url = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
  })
  const name = basename(Object.keys(built.metafile!.outputs).find((path) => path.endsWith('.js'))!)
  await build({
    ...SHARED,
    entryPoints: { normalize: 'src/cli/launch-normalize.ts' },
    outdir: join(DIST, 'cli'),
    format: 'esm',
    define: { SCRIPT_NAME: JSON.stringify(name) },
  })
  return built
}

/** Writes the declarations, and checks the types. */
function runTypeScript(): void {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
}

/** The licences of the libraries that these files come from, one after the other. */
function licences(inputs: readonly string[]): string {
  const libraries = new Set(
    inputs
      .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
      .filter((name) => name !== undefined),
  )
  const texts = [...libraries].sort().map((name) => {
    const folder = join(ROOT, 'node_modules', name)
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
    return `${name} ${version}, ${license}\n\n${text.trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(100)}\n\n`)
}
