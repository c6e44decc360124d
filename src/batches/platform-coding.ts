import type { BufferModule } from '../formats/buffer-coding.ts'
import { bufferCoding } from '../formats/buffer-coding.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'

/** A platform's way to its built-in modules, where it has any. */
interface Platform {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
}

let found: TextCoding | undefined

/** The fastest coding that the platform has: that of Node's Buffer, which modules that run anywhere must not import. */
export function platformCoding(): TextCoding {
  found ??= find()
  return found
}

function find(): TextCoding {
  const { process: platform } = globalThis as Platform
  const module = platform?.getBuiltinModule?.('node:buffer') as BufferModule | undefined
  return typeof module?.isUtf8 === 'function' ? bufferCoding(module) : PORTABLE_CODING
}
