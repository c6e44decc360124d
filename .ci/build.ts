/**
 * Builds dist/ from src/: `npm run build`.
 *
 * The entries of the library, the two commands and what worker threads begin with become files of their own; all that
 * they share goes into dist/chunks/, together with the libraries that are plain JavaScript: an entry then loads a few
 * files, where it would load some hundred, and that is most of what a start costs. Libraries with native parts, or with
 * files or threads of their own, stay outside. Types are a file for each module, as the compiler writes them.
 *
 * dist/portable/ has the modules of `sluice/runtime` one by one, without anything of Node: of these a bundler takes what a compiled
 * module imports, which joined files would not let it.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')

/** The first file of each is src/cli/start-NAME.ts. */
const COMMANDS = ['cli/normalize', 'cli/tracer']

const ENTRIES = [
  ...['index', 'rules/index', 'runtime', 'tracer/client/index', 'tracer/index'],
  ...COMMANDS,
  ...['stages/process/worker', 'cli/module-thread'],
]

/** Those that are not joined: lmdb is native, and the others look for files of their own, or are seldom needed. */
const OUTSIDE = ['lmdb', 'pino', 'prom-client', 'maxmind', 're2js', 'undici', 'esbuild']

rmSync(DIST, { recursive: true, force: true })
runTypeScript()
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ENTRIES.map((entry) => ({ in: `src/${sourceOf(entry)}.ts`, out: entry })),
  outdir: DIST,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  external: OUTSIDE,
  metafile: true,
  // Libraries in CommonJS ask for Node's modules with `require`, which a module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
})
await writePortableRuntime()
writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), licences(Object.keys(metafile.inputs)))
for (const command of COMMANDS) chmodSync(join(DIST, `${command}.js`), 0o755)

function sourceOf(entry: string): string {
  return COMMANDS.includes(entry) ? entry.replace('cli/', 'cli/start-') : entry
}

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
