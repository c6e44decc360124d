import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ANY_DATABASE } from '../expression/net/address-database.ts'
import { bundlerRuntime } from '../installed.ts'
import { systemMessage } from '../io/files/system-message.ts'
import { moduleTypes } from '../rules/aot/module-types.ts'
import { printModule, RUNTIME_ENTRY } from '../rules/aot/print-rules.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { RuleFiles } from './rule-files.ts'
import { loadRules } from './rule-files.ts'

/** The kinds of files that Node takes for modules, and what their declarations end with. */
const ENDINGS: Readonly<Record<string, string>> = { '.mjs': '.d.mts', '.js': '.d.ts' }

/**
 * `normalize compile`: writes rules as a module, and its types beside it.
 *
 * @param output the module's file, `*.mjs` or `*.js`
 * @param isBundled the module has everything in it that it needs
 * @throws {CommandError} when the rules have errors, a file cannot be written, or esbuild is missing
 */
export async function compile(files: RuleFiles, output: string, isBundled: boolean): Promise<void> {
  const ending = Object.keys(ENDINGS).find((each) => output.endsWith(each))
  if (ending === undefined) {
    throw new CommandError(
      EXIT.USAGE,
      `the module is a file that ends with .mjs or .js: --output ${output}.mjs`,
    )
  }
  const rules = await loadRules({ ...files, databases: [ANY_DATABASE] })
  if (rules.warningText !== '') console.error(rules.warningText)
  if (files.mmdb !== undefined && files.mmdb.length > 0) {
    console.error(
      '--mmdb: a module holds no databases of addresses; give them to it where it runs, with useDatabases([...])',
    )
  }
  const printed = printModule(rules, RUNTIME_ENTRY, isBundled)
  write(output, isBundled ? await bundle(printed, basename(output)) : printed)
  write(`${output.slice(0, -ending.length)}${ENDINGS[ending]}`, moduleTypes(rules.file))
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new CommandError(EXIT.FAILED, `cannot write ${file}: ${systemMessage(error)}`, { cause: error })
  }
}

/** The module with the part of the runtime in it that it imports, minified. */
async function bundle(source: string, name: string): Promise<string> {
  const { build } = await loadBundler()
  const { outputFiles } = await build({
    stdin: { contents: source, sourcefile: name },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'eof',
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'runtime',
        setup({ onResolve }) {
          onResolve({ filter: new RegExp(`^${RUNTIME_ENTRY}$`) }, () => ({ path: bundlerRuntime() }))
        },
      },
    ],
  })
  return outputFiles[0]!.text
}

/** The bundler is an optional peer: it has a binary for each system, which those who only normalize need not install. */
async function loadBundler(): Promise<typeof import('esbuild')> {
  try {
    return await import('esbuild')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    // The command is a script, in which import() asks as require does.
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(code)) throw error
    throw new CommandError(
      EXIT.USAGE,
      '--bundle needs esbuild, which is not installed: npm install --save-dev esbuild, or leave --bundle away and bundle the module yourself',
      { cause: error },
    )
  }
}
