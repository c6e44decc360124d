import type { FunctionDefinition } from '../functions/definition.ts'
import { notText } from '../net/text-argument.ts'
import type { Maybe, Value } from '../value.ts'
import { replacesErrors } from './errors.ts'
import { decodeUtf8 } from './utf8.ts'

/** The parameter `errors` in messages. */
export const ERRORS_CONSTANT = { errors: 'the way to treat bytes that are no UTF-8' }

/**
 * A function with the parameters `s` and `errors` that reads a text as bytes, and these as UTF-8.
 *
 * @param name the function's, for its messages
 * @param toBytes undefined for a text that does not fit; at most as many bytes as the text has characters
 */
export function decoder(
  name: string,
  toBytes: (text: string) => Maybe<Uint8Array>,
): FunctionDefinition['implementation'] {
  return {
    kind: 'prepared',
    constants: ERRORS_CONSTANT,
    prepare({ errors }) {
      const replaces = replacesErrors(errors)
      return ({ meter }, s: Value) => {
        if (typeof s !== 'string') throw notText(name, 's', s)
        meter.build(s.length)
        const bytes = toBytes(s)
        return bytes && decodeUtf8(bytes, replaces)
      }
    },
  }
}
