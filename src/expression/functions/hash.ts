import { ALGORITHMS, Hasher, isAlgorithm } from '../coding/digest.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import { ArgumentProblem, type FunctionDefinition } from './definition.ts'

export const hash: FunctionDefinition = {
  name: 'hash',
  signature: "s, algorithm='sha256'",
  group: 'coding',
  returns: 'text',
  pure: true,
  summary: 'Computes the hash of a text.',
  parameters: {
    s: 'the text; its bytes in UTF-8 count',
    algorithm: 'a constant: `md5`, `sha1`, `sha256` or `sha512`. Default: `sha256`',
  },
  result: 'The hash as hexadecimal digits in lower case.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: 'Half of a surrogate pair counts as U+FFFD.',
  examples: [
    {
      expression: "hash('abc')",
      result: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    },
    { expression: "hash(user, 'md5')", event: { user: 'root' }, result: '63a9f0ea7bb98050796b649e85481845' },
    { expression: 'hash(port)', event: { port: 443 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: { algorithm: 'the name of a hash function' },
    prepare({ algorithm = 'sha256' }) {
      if (!isAlgorithm(algorithm)) {
        const hint = `there are ${ALGORITHMS.join(', ')}`
        throw new ArgumentProblem('algorithm', 'no such hash function', { hint })
      }
      const hasher = new Hasher(algorithm)
      return ({ meter }, s: Value) => {
        if (typeof s !== 'string') throw notText('hash', 's', s)
        meter.touch(HASHED * s.length)
        return hasher.hexOf(s)
      }
    },
  },
}

/** Units of work for a character. */
const HASHED = 20
