/**
 * Makes src/rules/fast/machine-code.ts, the WebAssembly of the fast path: `node --import tsx .ci/machine-code.ts`
 * (`npm run build` does it first). It is compiled of src/rules/fast/assembly/line-machine.ts. A module rather than a
 * file, so that a bundle has it without a path, and a browser as well as a worker thread.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { START } from '../src/rules/fast/layout.ts'

const FOLDER = fileURLToPath(new URL('../src/rules/fast/', import.meta.url))

const { binary, error, stderr } = await compile()
if (error !== null || binary === undefined) throw new Error(`${stderr}`, { cause: error })
const lines = Buffer.from(binary)
  .toString('base64')
  .match(/.{1,100}/g)!
  .map((text) => `  '${text}'`)
writeFileSync(
  `${FOLDER}machine-code.ts`,
  [
    '/* Made by the build, by .ci/machine-code.ts. Do not edit. */\n',
    '/** assembly/line-machine.ts as WebAssembly, in base64. */',
    'export const MACHINE_CODE =',
    `${lines.join(' +\n')}\n`,
  ].join('\n'),
)

async function compile() {
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    [
      'line-machine.ts',
      '--outFile',
      'code.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd,bulk-memory',
      '--importMemory',
      '--memoryBase',
      String(START),
    ],
    {
      readFile: (name) =>
        name === 'line-machine.ts' ? readFileSync(`${FOLDER}assembly/${name}`, 'utf8') : null,
      writeFile: (name, contents) => {
        if (name === 'code.wasm') binary = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  return { binary, error, stderr }
}
